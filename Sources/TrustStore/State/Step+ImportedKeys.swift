import HashTreeCollections
import Raft

extension Step {
    /// A secret that is here already is answered with the entry that brought it: importing again is no error, and two
    /// members that are asked for the cluster's own key at the same moment end up with one.
    mutating func importKey(_ key: ImportKey) throws(CommandRefusal) -> CommandResult {
        if let known = state.importedKeys[key.id] ?? (key.origin == .cluster ? state.clusterImportedKey : nil) {
            return CommandResult(id: known.id, index: known.version)
        }
        try checkSealing(key.sealedSecret)
        try checkRoom(state.importedKeys.count, below: StateLimits.importedKeysMax, "imported keys")
        put(
            ImportedKeyRecord(
                id: key.id, origin: key.origin, name: key.name, sealedSecret: key.sealedSecret, createdAt: now,
                createdBy: command.actor.id, version: index))
        return done(key.id)
    }

    mutating func dropImportedKey(_ id: String) throws(CommandRefusal) -> CommandResult {
        guard state.importedKeys[id] != nil else {
            throw CommandRefusal(.importedKeyUnknown, "no such imported key")
        }
        removeImportedKey(id)
        return done(id)
    }
}

extension TrustState {
    /// The key that the cluster made itself.
    package var clusterImportedKey: ImportedKeyRecord? {
        importedKeys.values.first { $0.origin == .cluster }
    }
}
