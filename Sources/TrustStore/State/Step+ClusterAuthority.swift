import HashTreeCollections
import Raft

/// The cluster's own CA.
extension Step {
    /// One overlap at a time: the CA before the former one would vanish while somebody relies on it.
    mutating func rotateAuthority(_ new: RotateAuthority) throws(CommandRefusal) -> CommandResult {
        guard var cluster = state.cluster else { throw CommandRefusal(.clusterNotFounded, "there is no cluster yet") }
        guard cluster.formerAuthority == nil else {
            throw CommandRefusal(.authorityOverlaps, "the CA was changed before, and the former one is still in use; end that first (credence cluster rotate-authority --end)")
        }
        guard new.former == cluster.caCertificate else {
            throw CommandRefusal(.authorityOverlaps, "the CA was changed at the same moment")
        }
        guard state.authorities[new.fingerprint] == nil else {
            throw CommandRefusal(.authorityExists, "this CA is trusted for clients already")
        }
        try checkSealing(new.sealedKey)
        cluster.formerAuthority = FormerAuthorityRecord(
            certificate: cluster.caCertificate, sealedKey: cluster.sealedCAKey, overlapEndsAt: now + new.overlapSeconds)
        cluster.caCertificate = new.certificate
        cluster.sealedCAKey = new.sealedKey
        cluster.caSince = now
        put(cluster)
        return done(new.fingerprint)
    }

    mutating func endOverlap(_ end: EndAuthorityOverlap) throws(CommandRefusal) -> CommandResult {
        guard var cluster = state.cluster else { throw CommandRefusal(.clusterNotFounded, "there is no cluster yet") }
        guard let former = cluster.formerAuthority, former.certificate == end.former else {
            throw CommandRefusal(.authorityUnknown, "no former CA is in use")
        }
        guard cluster.serverCertificate.first == end.shown else {
            throw CommandRefusal(.memberChanged, "another certificate is shown by now")
        }
        if let chain = end.chain { cluster.serverCertificate = chain }
        cluster.formerAuthority = nil
        put(cluster)
        return done(cluster.id)
    }
}
