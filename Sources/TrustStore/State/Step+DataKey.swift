import HashTreeCollections
import Raft

extension Step {
    /// What was sealed, and for whom, must be what is there now: a secret that came meanwhile would be lost to everybody, and a
    /// member that came meanwhile would have no key.
    mutating func rotateDataKey(_ new: RotateDataKey) throws(CommandRefusal) -> CommandResult {
        guard var cluster = state.cluster else { throw CommandRefusal(.clusterNotFounded, "there is no cluster yet") }
        guard new.formerID == cluster.dataKeyID, new.caCertificate == cluster.caCertificate,
            (new.sealedFormerCAKey != nil) == (cluster.formerAuthority != nil),
            new.serverCertificate == cluster.serverCertificate.first,
            Self.names(new.members) == state.members.keys.map(\.description).sorted(),
            Self.names(new.signingKeys) == state.signingKeys.keys.sorted(), Self.names(new.importedKeys) == state.importedKeys.keys.sorted()
        else { throw CommandRefusal(.dataKeyChanged, "keys or members changed at the same moment; try again") }
        for resealed in new.members {
            guard let id = MemberID(resealed.name), var member = state.members[id] else { continue }
            member.sealedDataKey = resealed.sealed
            put(member)
        }
        for resealed in new.signingKeys {
            guard var key = state.signingKeys[resealed.name] else { continue }
            key.sealedPrivateKey = resealed.sealed
            put(key)
        }
        for resealed in new.importedKeys {
            guard var key = state.importedKeys[resealed.name] else { continue }
            key.sealedSecret = resealed.sealed
            put(key)
        }
        cluster.dataKeyID = new.id
        cluster.dataKeySince = now
        cluster.sealedCAKey = new.sealedCAKey
        if let sealed = new.sealedFormerCAKey { cluster.formerAuthority?.sealedKey = sealed }
        cluster.sealedServerKey = new.sealedServerKey
        put(cluster)
        return done(cluster.id)
    }

    private static func names(_ resealed: [RotateDataKey.Resealed]) -> [String] { resealed.map(\.name).sorted() }

    /// A secret that was sealed just before the data key changed could be opened by nobody who comes later.
    func checkSealing(_ sealed: [UInt8]) throws(CommandRefusal) {
        guard sealed.starts(with: state.cluster?.dataKeyID ?? []) else {
            throw CommandRefusal(.dataKeyChanged, "the cluster's data key was changed at the same moment; try again")
        }
    }
}
