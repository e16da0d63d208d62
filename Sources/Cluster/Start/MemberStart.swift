import Crypto
import EventLoop
import Logging
import Raft
import Storage
import Tokens
import TrustStore

/// One start of a member, step by step. Each step leaves the directory in a phase that the next
/// start understands.
struct MemberStart {
    let options: MemberOptions
    let directory: DataDirectory
    let loop: EventLoop
    let logger: Logger
    static let appliedPerTurn = 512
    private var adminToken: String?
    private var isFounder = false
    private var isJoiner = false

    init(options: MemberOptions, directory: DataDirectory, loop: EventLoop, logger: Logger) {
        self.options = options
        self.directory = directory
        self.loop = loop
        self.logger = logger
    }

    /// Founds, joins or reopens, by what the directory holds.
    mutating func run(onHalt: @escaping @Sendable (String) -> Void) async throws(StartError) -> StartedMember {
        let file = try directory.readMemberFile()
        switch (file?.phase, options.joinToken) {
        case (nil, let token?), (.joining, let token?):
            try await join(file, JoinToken(text: token))
        case (nil, nil), (.founding, nil):
            try found()
        case (.founding, let token?):
            try directory.clear()
            try await join(nil, JoinToken(text: token))
        case (.joining, nil):
            throw .joinUnfinished(path: options.dataDirectory)
        case (.ready, _?):
            throw .alreadyMember(cluster: file?.clusterID ?? "", path: options.dataDirectory)
        case (.ready, nil): break
        case (.restoring, _), (.recovering, _), (.wiping, _):
            throw .unfinished(path: options.dataDirectory, command: file?.phase.command ?? "")
        }
        return try await reopen(onHalt: onHalt)
    }

    /// Nothing outside this directory knows of the cluster before `ready` is on disk, so whatever an
    /// earlier, unfinished founding left is thrown away.
    mutating func found() throws(StartError) {
        try directory.clear()
        let lock = try newKeystoreLock()
        let now = WallClock.nowSeconds()
        var file = MemberFile(
            phase: .founding, clusterID: nil, memberID: Self.newMemberID(), name: options.name, certificate: nil,
            caCertificate: nil, peers: [])
        try directory.write(file)
        do {
            let founding = try Founding(id: file.memberID, name: file.name, advertise: options.advertise, now: now)
            let entries = founding.firstEntries(stampedAtMilliseconds: WallClock.nowMilliseconds())
            try hand(over: founding.mintAdminToken(entries: entries, now: now))
            try createDatabases(
                StoreIdentity(clusterID: founding.identity.clusterID, memberID: file.memberID), entries: entries,
                hardState: HardState(term: Term(1)))
            _ = try Keystore.create(
                path: directory.keystorePath, memberID: file.memberID, memberKey: founding.identity.key.pkcs8(),
                membership: Keystore.Membership(clusterID: founding.identity.clusterID, dataKey: founding.dataKey),
                lock: lock)
            file.clusterID = founding.identity.clusterID
            file.certificate = founding.identity.certificate.der
            file.caCertificate = founding.authority.der
        } catch {
            throw StartError(error, doing: "the cluster could not be founded")
        }
        file.phase = .ready
        try directory.write(file)
        logger.notice("founded a cluster", metadata: ["cluster": "\(file.clusterID ?? "")", "member": "\(file.name)"])
        isFounder = true
    }

    private func createDatabases(
        _ identity: StoreIdentity, entries: [Entry], hardState: HardState
    ) throws(StorageError) {
        try StateStore.create(path: directory.statePath, clusterID: identity.clusterID).close()
        try LogStore.create(path: directory.logPath, identity: identity, entries: entries, hardState: hardState).close()
    }

    /// To the file if one was asked for, before the cluster exists: a file without a cluster is
    /// replaced by the next try, a cluster without its first token would need the local socket.
    private mutating func hand(over token: String) throws(StartError) {
        guard let path = options.saveToken else {
            adminToken = token
            return
        }
        do {
            try PrivateFile.write(Array((token + "\n").utf8), to: path)
        } catch {
            throw .dataDirectoryUnusable(path: path, reason: "the admin token cannot be saved there: \(error)")
        }
    }

    /// Safe to repeat: id and key are on disk before the secret is shown to anybody.
    mutating func join(_ earlier: MemberFile?, _ token: JoinToken) async throws(StartError) {
        guard token.expiresAt > WallClock.nowSeconds() || earlier != nil else {
            throw .joinTokenExpired(expiredAt: token.expiresAt)
        }
        var file = earlier ?? MemberFile(
            phase: .joining, clusterID: nil, memberID: Self.newMemberID(), name: token.serverName, certificate: nil,
            caCertificate: nil, peers: [])
        // A repeat may bring a newer token, made for another name.
        file.name = token.serverName
        try directory.write(file)
        do {
            let keystore = try joinersKeystore(file.memberID)
            guard keystore.memberID == file.memberID else { throw StartError.mixedDirectory(path: directory.path) }
            let key = try PrivateKey(pkcs8: keystore.memberKey)
            let answer = try await Joining(
                token: token, memberID: file.memberID, key: key, advertise: options.advertise, loop: loop, logger: logger
            ).run()
            try settle(answer, into: keystore)
            file.clusterID = answer.clusterID
            file.certificate = answer.certificate
            file.caCertificate = answer.caCertificate
            file.peers = answer.peers
        } catch {
            throw StartError(error, doing: "the join could not be finished")
        }
        file.phase = .ready
        try directory.write(file)
        logger.notice("joined the cluster", metadata: ["cluster": "\(file.clusterID ?? "")", "member": "\(file.name)"])
        isJoiner = true
    }

    /// The one an earlier try made, because the cluster may know its key already.
    private func joinersKeystore(_ member: MemberID) throws -> Keystore {
        if Keystore.exists(path: directory.keystorePath) {
            return try Keystore.open(path: directory.keystorePath, lock: keystoreLock())
        }
        return try Keystore.create(
            path: directory.keystorePath, memberID: member, memberKey: PrivateKey.generate(.p256).pkcs8(),
            membership: nil, lock: newKeystoreLock())
    }

    /// Databases first, then the keystore's membership; `ready` is written by the caller. A kill in
    /// between repeats the join, which the cluster answers the same way.
    private func settle(_ answer: JoinResponse, into keystore: Keystore) throws {
        try directory.clearDatabases()
        try createDatabases(
            StoreIdentity(clusterID: answer.clusterID, memberID: keystore.memberID), entries: [], hardState: HardState())
        if let known = keystore.membership {
            guard known.clusterID == answer.clusterID else { throw StartError.alreadyMember(cluster: known.clusterID, path: directory.path) }
            return
        }
        _ = try Keystore.completeJoin(
            path: directory.keystorePath, lock: keystoreLock(),
            membership: Keystore.Membership(clusterID: answer.clusterID, dataKey: answer.dataKey))
    }

    /// Opens what is on disk and starts the member.
    func reopen(onHalt: @escaping @Sendable (String) -> Void) async throws(StartError) -> StartedMember {
        guard let file = try directory.readMemberFile(), let clusterID = file.clusterID,
            let certificateBytes = file.certificate
        else { throw .notADataDirectory(path: directory.path) }
        let identity: MemberIdentity
        do {
            let keystore = try Keystore.open(path: directory.keystorePath, lock: keystoreLock())
            guard let membership = keystore.membership, membership.clusterID == clusterID,
                keystore.memberID == file.memberID
            else { throw StartError.mixedDirectory(path: directory.path) }
            identity = MemberIdentity(
                id: file.memberID, name: file.name, clusterID: clusterID,
                certificate: try Certificate(der: certificateBytes),
                key: try PrivateKey(pkcs8: keystore.memberKey), dataKey: membership.dataKey)
        } catch {
            throw StartError(error, doing: "this member's identity cannot be used")
        }
        let node = try await makeNode(identity, peers: file.peers, onHalt: onHalt)
        let member = try await Member(node: node.node, storage: node.storage, directory: directory)
        return StartedMember(member: member, adminToken: adminToken, isFounder: isFounder, isJoiner: isJoiner)
    }

    private func makeNode(
        _ identity: MemberIdentity, peers: [MemberFile.Peer], onHalt: @escaping @Sendable (String) -> Void
    ) async throws(StartError) -> (node: Node, storage: StorageThread) {
        let isReserveReleased = DiskReserve(path: directory.reservePath, bytesMax: options.reserveBytesMax).releaseIfShort()
        if isReserveReleased { logger.error("no space left; starting with what was kept for that", metadata: ["path": "\(directory.path)"]) }
        let isSpaceShort = isReserveReleased || DiskReserve(path: directory.reservePath, bytesMax: options.reserveBytesMax).isShort
        let lineage = try nextLineage()
        let storage: StorageThread
        do {
            storage = try StorageThread(
                clusterLoop: loop, statePath: directory.statePath,
                settings: StorageSettings(
                    entriesPerSync: max(1, options.logKeptEntries / 4), reservePath: directory.reservePath,
                    reserveBytesMax: options.reserveBytesMax, isReserveReleased: isReserveReleased,
                    archivePath: directory.archivePath, auditRetention: options.auditRetention))
        } catch {
            throw .internalFailure("the storage thread could not be started: \(error)")
        }
        var settings = RaftSettings()
        settings.electionTicks = options.timing.electionTicks
        settings.heartbeatTicks = options.timing.heartbeatTicks
        // One turn of the cluster loop applies at most so many: some tens of milliseconds.
        settings.maxUnapplied = Self.appliedPerTurn
        settings.trailingEntries = options.logKeptEntries
        settings.compactionStepEntries = max(1, options.logKeptEntries / 4)
        let found: (RestoredState, TrustState, AppliedPoint)
        let logger = logger
        do throws(StorageError) {
            let (logPath, statePath, archivePath) = (directory.logPath, directory.statePath, directory.archivePath)
            let (window, windowBytes) = (settings.windowEntries, settings.windowBytes)
            found = try await storage.open(snapshotDirectory: directory.snapshotPath, clusterID: identity.clusterID) {
                () throws(StorageError) in
                let stores = try MemberStores.open(
                    logPath: logPath, statePath: statePath, archivePath: archivePath,
                    identity: StoreIdentity(clusterID: identity.clusterID, memberID: identity.id), isSpaceShort: isSpaceShort)
                if let damage = stores.log.damage { logger.warning("\(damage)") }
                let state = try stores.state.loadState()
                let applied = stores.state.applied
                let restored = try stores.log.recover(
                    applied: applied.position.index, window: window, windowBytes: windowBytes)
                return (stores, (restored, state, applied))
            }
        } catch {
            await storage.close()
            throw .storage(error)
        }
        let (restored, state, applied) = found
        guard state.featureLevel <= TrustState.featureLevel else {
            await storage.close()
            throw .binaryTooOld(needed: state.featureLevel, known: TrustState.featureLevel)
        }
        // A state that is older than what this member joined with leads to its key only later.
        _ = try? identity.followDataKey(of: state)
        let keys = identity.custody.ring(of: state)
        do {
            let core = try RaftCore(
                id: identity.id, settings: settings, restored: restored, seed: RequestID.random().high)
            let view = MemberView(tokens: TokenView(state: state, keys: keys), index: restored.applied, proven: FreshnessPoint())
            let parts = NodeParts(
                loop: loop, identity: identity, box: ViewBox(view), storage: storage,
                timing: options.timing, logger: logger, core: core, state: state, applied: applied, keys: keys,
                bootstrapPeers: peers, lineage: lineage, lineageNonce: RequestID.random().low, scrubPeriod: options.scrubPeriod,
                announcedAddresses: options.announcesAddresses ? options.advertise : nil)
            return (Node(parts, onHalt: onHalt), storage)
        } catch {
            throw .internalFailure("\(directory.logPath) cannot be used: \(error); remove this member (`credence cluster remove`), empty the directory, and join again")
        }
    }

    /// On disk before anybody hears of this run.
    private func nextLineage() throws(StartError) -> LineageFile {
        var file = try LineageFile(path: directory.lineagePath)
        if let reason = file.fenceReason { throw .fenced(path: directory.path, reason: reason) }
        file.grow()
        do throws(FileError) {
            try file.write()
            file.wrote(file)
        } catch {
            throw .dataDirectoryUnusable(path: file.path, reason: "\(error)")
        }
        return file
    }

    private func newKeystoreLock() throws(StartError) -> KeystoreLock {
        guard options.encryptsKeystore else { return .keyFile(path: directory.keyFilePath) }
        guard let passphrase = options.passphrase else { throw .passphraseRequired }
        return .passphrase(passphrase)
    }

    /// For a keystore that exists: what it was made with decides, not today's options.
    private func keystoreLock() throws -> KeystoreLock {
        guard try Keystore.isEncrypted(path: directory.keystorePath) else {
            return .keyFile(path: directory.keyFilePath)
        }
        guard let passphrase = options.passphrase else { throw StartError.passphraseRequired }
        return .passphrase(passphrase)
    }

    static func newMemberID() -> MemberID {
        let id = RequestID.random()
        return MemberID(high: id.high, low: id.low)
    }
}
