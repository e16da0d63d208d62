internal import HashTreeCollections
internal import TrustStore

/// What the CRLs held say. One function for each kind of certificate, so that TLS, tokens and explain cannot come to differ.
extension TokenView {
    /// What is known of the certificates of one issuer.
    private enum Standing { case revoked, good, overdue, noList }

    private func standing(_ link: AuthoritySet.Link, at now: Int64) -> (Standing, OverduePolicy?) {
        var standing = Standing.noList
        var policy: OverduePolicy?
        for fingerprint in keys.authorities.fingerprints(ofIssuer: link.issuer) {
            if let own = state.authorities[fingerprint]?.overdue, policy != .refuse { policy = own }
            guard let list = state.revocationList(ofAuthority: fingerprint) else { continue }
            if state.revokedSerials[list.id]?.contains(link.serial) ?? false { return (.revoked, nil) }
            // RFC 5280 §5.1.2.5: a newer list is there by then, at the latest.
            if now < list.contents.nextUpdateAt { standing = .good } else if standing == .noList { standing = .overdue }
        }
        return (standing, policy)
    }

    /// Once any authority on the path has a list, every issuer on it needs one (X509_V_FLAG_CRL_CHECK_ALL): whoever checks
    /// revocation half-way checks nothing.
    func listRefusal(ofPath path: VouchedPath, vouchedBy authority: AuthorityRecord, at now: Int64) -> RejectionReason? {
        guard !state.revocationLists.isEmpty else { return nil }
        let standings = path.links.map { standing($0, at: now) }
        if standings.contains(where: { $0.0 == .revoked }) { return .certificateRevoked }
        guard standings.contains(where: { $0.0 != .noList }) else { return nil }
        let isUnknown = standings.contains { standing, policy in
            standing != .good && (policy ?? authority.overdue) == .refuse
        }
        return isUnknown ? .crlOverdue : nil
    }

    /// An entry is trusted for itself, but not against its issuer's word. An issuer without a list says nothing.
    func listRefusal(ofEntry record: TrustedCertificateRecord, at now: Int64) -> RejectionReason? {
        guard !state.revocationLists.isEmpty else { return nil }
        // Of an entry that the ring does not have nobody can say here who issued it.
        guard let key = keys.trustedKey(for: record) else { return .crlOverdue }
        guard let link = key.link(in: keys.authorities) else { return nil }
        var isOverdue = false
        for link in keys.authorities.links(from: link) {
            switch standing(link, at: now) {
            case (.revoked, _): return .certificateRevoked
            case (.overdue, .refuse?): isOverdue = true
            default: continue
            }
        }
        return isOverdue ? .crlOverdue : nil
    }
}
