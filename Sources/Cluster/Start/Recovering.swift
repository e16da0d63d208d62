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
        /// Its own removal is among those entries.
        package let isRemoved: Bool
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
            let replayed = try replay.preview(through: stores.log).state
            let member = try check(replayed, before: replay.state, file, voters)
            guard confirm(Self.plan(replayed, applied: replay.state, member, voters, stores)) else { throw StartError.declined }
            // An interrupted run came so far. Any other log that ends so is that of a member which is alone already.
            let hasRebuilt = try file.phase == .recovering && Self.endsWithRebuilding(stores.log) && isRebuilt(replayed, around: member)
            // Refused before anything is written.
            let rebuilding = hasRebuilt ? nil : try rebuilding(member, after: stores, replay)
            file.phase = .recovering
            try directory.write(file)
            if let rebuilding {
                try stores.log.perform([StorageOperation(id: 1, hardState: rebuilding.hardState, entries: rebuilding.entries)])
            }
            _ = try replay.run(through: stores.log)
            guard isRebuilt(replay.state, around: member) else { throw Self.isNotRebuilt }
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

    /// - Parameters:
    ///   - state: with everything that the log holds, an earlier run's entry included.
    ///   - applied: without what this member does not know to be committed, its own removal among it perhaps.
    private func check(
        _ state: TrustState, before applied: TrustState, _ file: MemberFile, _ voters: Configuration
    ) throws(StartError) -> MemberRecord {
        guard state.cluster != nil else {
            throw .nothingToRecover(path: dataDirectory, reason: "it has not learnt yet what its cluster trusts; recover another member, or restore a backup")
        }
        guard let member = state.members[file.memberID] ?? applied.members[file.memberID] else {
            throw .nothingToRecover(
                path: dataDirectory, reason: "it was removed from its cluster, and may lack what came after; recover another member, or restore a backup")
        }
        guard file.phase == .recovering || !Self.isAlone(member, in: state) || voters.voters != [file.memberID] else {
            throw .nothingToRecover(path: dataDirectory, reason: "it is its cluster's only member, and needs nobody else")
        }
        return member
    }

    /// A member, and the only one; not remembered as a removed one, which would refuse itself at its next start.
    private static func isAlone(_ member: MemberRecord, in state: TrustState) -> Bool {
        state.members.values.map(\.id) == [member.id] && state.removedMembers[member.id] == nil
            && state.removedMember(publicKey: member.publicKey) == nil
    }

    /// Everything that was asked for holds, whoever's run did it.
    private func isRebuilt(_ state: TrustState, around member: MemberRecord) -> Bool {
        guard Self.isAlone(member, in: state) else { return false }
        guard let revokeBefore else { return true }
        guard let before = state.broadRevocations[RevocationTarget.nameOfEverything]?.target.before else { return false }
        return before >= revokeBefore
    }

    private static var isNotRebuilt: StartError {
        .internalFailure("the cluster was not rebuilt as it was asked for: others are still members, or tokens are not revoked; run this again")
    }

    /// - Parameter applied: names the others even when an interrupted run has written already that they are none any more.
    private static func plan(
        _ state: TrustState, applied: TrustState, _ member: MemberRecord, _ voters: Configuration, _ stores: MemberStores
    ) -> Plan {
        let known = state.members.values + applied.members.values.filter { state.members[$0.id] == nil }
        let others = known.filter { $0.id != member.id }.sorted { $0.name < $1.name }
        return Plan(
            name: member.name, clusterID: state.cluster?.id ?? "", appliedIndex: stores.state.applied.position.index.rawValue,
            lastIndex: stores.log.lastIndex.rawValue, others: others.map { Plan.Other(name: $0.name, addresses: $0.addresses) },
            isRemoved: state.members[member.id] == nil, isReplica: !voters.isVoter(member.id), hasLostEntries: stores.log.isRecovering,
            damage: stores.log.damage)
    }

    private static func endsWithRebuilding(_ log: LogStore) throws(StorageError) -> Bool {
        try log.entries(from: log.lastIndex, through: log.lastIndex, bytesMax: .max).last.map(Rebuilding.isOne) ?? false
    }

    /// What is to follow the log's last entry, tried out.
    private func rebuilding(_ member: MemberRecord, after stores: MemberStores, _ replay: Replay) throws -> Rebuilding {
        let rebuilding = Rebuilding(
            after: stores.log.lastPosition, hardState: stores.log.hardState,
            RebuildCluster(
                origin: .survivor,
                member: NewMember(
                    id: member.id, name: member.name, addresses: member.addresses, publicKey: member.publicKey,
                    certificate: member.certificate),
                revokeBefore: revokeBefore))
        let (state, answer) = try replay.preview(through: stores.log, and: rebuilding.entries)
        try Rebuilding.check(answer)
        guard isRebuilt(state, around: member) else { throw Self.isNotRebuilt }
        return rebuilding
    }
}
