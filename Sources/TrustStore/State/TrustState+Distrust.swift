import HashTreeCollections

extension StateChange {
    /// The fingerprint of a client certificate that this change takes trust from; nil for any other change.
    package var distrustedCertificate: String? {
        switch (collection, value) {
        case (.certificates, nil): key
        case (.broadRevocations, .some): RevocationTarget.fingerprint(ofName: key)
        default: nil
        }
    }
}

extension TrustState {
    /// The fingerprints that were trusted and are not, or are revoked now, as after a snapshot took the place of many entries.
    package func certificatesDistrusted(since earlier: TrustState) -> Set<String> {
        var distrusted = Set(earlier.certificates.keys.filter { certificates[$0] == nil })
        for name in broadRevocations.keys where earlier.broadRevocations[name] == nil {
            if let fingerprint = RevocationTarget.fingerprint(ofName: name) { distrusted.insert(fingerprint) }
        }
        return distrusted
    }
}
