import EventLoop
import HashTreeCollections
import Raft
import Storage
import TrustStore

/// Makes a cluster of one member from what a stopped member holds that has lost its majority for good.
package struct Recovering {
    /// What is about to happen, for whoever has to say yes.
    package struct Plan: Sendable {
        package struct Other: Sendable, Equatable {
            package let name: String
            package let addresses: [String]
        }

        package let name: String
        package let clusterID: String
        /// Through here the entries are known to be committed.
        package let appliedIndex: UInt64
        /// Entries behind that are taken too, though nobody knows whether a majority had them.
        package let lastIndex: UInt64
        package let others: [Other]
        /// A replica: it may have been further behind than any voter.
        package let isReplica: Bool
        /// Its disk has lost entries that it had acknowledged.
        package let hasLostEntries: Bool
        package let damage: String?
    }

    package var dataDirectory: String
    /// Unix seconds; tokens issued then or earlier are revoked.
    package var revokeBefore: Int64?

    package init(dataDirectory: String, revokeBefore: Int64?) {
        self.dataDirectory = dataDirectory
        self.revokeBefore = revokeBefore
    }

    /// Blocks. The change is one transaction of the log; a crash leaves the member as it was, or one that serves nothing until
    /// this is run again, which goes on from there.
    ///
    /// - Parameter confirm: asked once, while the directory is held.
    package func run(confirm: (Plan) -> Bool) throws(StartError) {
        let directory = try DataDirectory(existing: dataDirectory)
        defer { directory.release() }
        var file = try Self.readMemberFile(directory)
        if let reason = try LineageFile(path: directory.lineagePath).fenceReason { throw .fenced(path: directory.path, reason: reason) }
        do {
            let identity = StoreIdentity(clusterID: file.clusterID ?? "", memberID: file.memberID)
            let stores = try MemberStores.open(
                logPath: directory.logPath, statePath: directory.statePath, archivePath: directory.archivePath, identity: identity)
            defer {
                try? stores.log.close()
                try? stores.state.close()
                try? stores.archive.close()
            }
            var replay = Replay(try stores.state.loadState(), in: stores.state)
            let voters = try Self.newestConfiguration(stores)
            let member = try check(replay.state, file, voters)
            guard confirm(Self.plan(replay.state, member, voters, stores)) else { throw StartError.declined }
            let hasRebuilt = try file.phase == .recovering && Self.endsWithRebuilding(stores.log)
            file.phase = .recovering
            try directory.write(file)
            if !hasRebuilt { try append(to: stores, member) }
            let outcome = try replay.run(through: stores.log)
            // What an earlier run has applied has no answer here.
            if outcome != nil || !hasRebuilt { try Rebuilding.check(outcome) }
        } catch {
            throw StartError(error, doing: "the member could not be recovered")
        }
        file.peers = []
        file.phase = .ready
        try directory.write(file)
    }

    private static func readMemberFile(_ directory: DataDirectory) throws(StartError) -> MemberFile {
        guard let file = try directory.readMemberFile(), file.clusterID != nil else { throw .noMember(path: directory.path) }
        switch file.phase {
        case .ready, .recovering: return file
        case .joining: throw .joinUnfinished(path: directory.path)
        case .founding: throw .noMember(path: directory.path)
        case .restoring, .wiping: throw .unfinished(path: directory.path, command: file.phase.command)
        }
    }

    /// Committed or not, as the log's rules have it (docs/consensus.md §7).
    private static func newestConfiguration(_ stores: MemberStores) throws(StorageError) -> Configuration {
        let restored = try stores.log.recover(applied: stores.state.applied.position.index, window: 1)
        return restored.configurations.last?.configuration ?? restored.baseConfiguration
    }

    private func check(_ state: TrustState, _ file: MemberFile, _ voters: Configuration) throws(StartError) -> MemberRecord {
        guard state.cluster != nil else {
            throw .nothingToRecover(path: dataDirectory, reason: "it has not learnt yet what its cluster trusts; recover another member, or restore a backup")
        }
        guard let member = state.members[file.memberID] else {
            throw .nothingToRecover(
                path: dataDirectory, reason: "it was removed from its cluster, and may lack what came after; recover another member, or restore a backup")
        }
        guard file.phase == .recovering || state.members.count > 1 || voters.voters != [file.memberID] else {
            throw .nothingToRecover(path: dataDirectory, reason: "it is its cluster's only member, and needs nobody else")
        }
        return member
    }

    private static func plan(_ state: TrustState, _ member: MemberRecord, _ voters: Configuration, _ stores: MemberStores) -> Plan {
        let others = state.members.values.filter { $0.id != member.id }.sorted { $0.name < $1.name }
        return Plan(
            name: member.name, clusterID: state.cluster?.id ?? "", appliedIndex: stores.state.applied.position.index.rawValue,
            lastIndex: stores.log.lastIndex.rawValue, others: others.map { Plan.Other(name: $0.name, addresses: $0.addresses) },
            isReplica: !voters.isVoter(member.id), hasLostEntries: stores.log.isRecovering,
            damage: stores.log.damage)
    }

    /// An interrupted run came so far. Any other log that ends so is that of a member which is alone already.
    private static func endsWithRebuilding(_ log: LogStore) throws(StorageError) -> Bool {
        try log.entries(from: log.lastIndex, through: log.lastIndex, bytesMax: .max).last.map(Rebuilding.isOne) ?? false
    }

    private func append(to stores: MemberStores, _ member: MemberRecord) throws {
        let rebuilding = Rebuilding(
            after: stores.log.lastPosition, hardState: stores.log.hardState,
            RebuildCluster(
                origin: .survivor,
                member: NewMember(
                    id: member.id, name: member.name, addresses: member.addresses, publicKey: member.publicKey,
                    certificate: member.certificate),
                revokeBefore: revokeBefore))
        try stores.log.perform([StorageOperation(id: 1, hardState: rebuilding.hardState, entries: rebuilding.entries)])
    }
}
