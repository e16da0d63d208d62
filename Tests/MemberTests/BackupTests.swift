import Cluster
import Crypto
import EventLoop
import HashTreeCollections
import JOSE
import Logging
import Raft
import Storage
import Testing
import Tokens
import TrustStore

/// Real members in this process, whose files are backed up, restored and repaired.
@Suite("Backup and repair of one member", .serialized)
struct BackupTests {
    private static let admin = TrustStore.Actor(id: "test", method: "unix", address: nil)

    private func mint(_ subject: String, _ member: Member) async throws -> MintedToken {
        try await member.mint(MintRequest(subject: subject, scopes: ["read"]), by: Self.admin)
    }

    private func revoke(_ token: MintedToken, _ member: Member) async throws {
        try await member.propose(.revokeToken(RevokeToken(tokenID: token.id, expiresAt: token.expiresAt, reason: nil)), by: Self.admin)
    }

    /// Beside the data directory.
    private func save(_ member: Member, to home: TestDirectory, _ sealing: BackupSealing = .keystore) async throws -> String {
        let stream = try await member.backup(sealing: sealing, by: "test")
        var bytes: [UInt8] = []
        while UInt64(bytes.count) < stream.byteCount, let piece = await stream.next() { bytes += piece }
        #expect(UInt64(bytes.count) == stream.byteCount)
        #expect(await stream.next() == nil)
        let path = home.path + ".snapshot"
        try PrivateFile.write(bytes, to: path)
        return path
    }

    private func restoring(
        _ path: String, to home: TestDirectory, passphrase: String?, before: Int64? = nil
    ) -> Restoring {
        Restoring(
            path: path, dataDirectory: home.path, name: "r1", advertise: ["127.0.0.1:9443"], encryptsKeystore: home.passphrase != nil,
            passphrase: home.passphrase.map { SecretBytes(Array($0.utf8)) }, backupPassphrase: passphrase.map { SecretBytes(Array($0.utf8)) },
            revokeBefore: before)
    }

    @Test("what was trusted and what was revoked when a backup was made holds in the cluster restored from it, whose only member is new")
    func restore() async throws {
        let home = try TestDirectory(passphrase: "old")
        let first = try await home.ready()
        let (good, bad, late) = (try await mint("good", first), try await mint("bad", first), try await mint("late", first))
        try await revoke(bad, first)
        let path = try await save(first, to: home)
        defer { try? PrivateFile.remove(path) }
        try await revoke(late, first)
        let keys = first.view.state.signingKeys
        await first.stop()

        let backup = try Backup.check(path)
        #expect(backup.memberName == "n1" && backup.isCurrent && !backup.holdsKeyInClear)
        #expect(backup.count(of: "members") == 1 && backup.count(of: "revoked_tokens") == 1)
        #expect(try Backup.checkState(path, scratch: home.path + ".scratch").index == backup.index)
        #expect(!PrivateFile.exists(home.path + ".scratch"))

        let other = try TestDirectory(passphrase: "new")
        try restoring(path, to: other, passphrase: "old").run()
        let restored = try await other.ready()
        #expect(restored.reason(of: good.token) == nil)
        #expect(restored.reason(of: bad.token) == .tokenRevoked)
        #expect(restored.reason(of: late.token) == nil, "what came after the backup is lost, as its operator is told")
        #expect(restored.id != first.id && restored.name == "r1" && restored.clusterID == first.clusterID)
        #expect(restored.view.state.members.values.map(\.id) == [restored.id])
        #expect(restored.view.state.signingKeys == keys)
        // It mints, and takes changes.
        let fresh = try await mint("fresh", restored)
        try await revoke(fresh, restored)
        #expect(restored.reason(of: fresh.token) == .tokenRevoked)
        await restored.stop()

        // And starts again.
        let again = try await other.ready()
        #expect(again.reason(of: bad.token) == .tokenRevoked && again.reason(of: good.token) == nil)
        await again.stop()
    }

    @Test("with a time, every token issued until then is refused by the restored cluster, and a later one is not")
    func restoreAndRevoke() async throws {
        let home = try TestDirectory(passphrase: "old")
        let first = try await home.ready()
        let token = try await mint("late", first)
        let path = try await save(first, to: home, .passphrase(SecretBytes(Array("its own".utf8))))
        defer { try? PrivateFile.remove(path) }
        try await revoke(token, first)
        await first.stop()
        let other = try TestDirectory()
        #expect(throws: StartError.self) { try restoring(path, to: other, passphrase: "old").run() }
        try restoring(path, to: other, passphrase: "its own", before: WallClock.nowSeconds()).run()
        let restored = try await other.ready()
        #expect(restored.reason(of: token.token) != nil)
        await restored.stop()
    }

    @Test("a wrong passphrase or a damaged file touches nothing, and a used directory is not written to")
    func refusals() async throws {
        let home = try TestDirectory(passphrase: "old")
        let first = try await home.ready()
        let path = try await save(first, to: home)
        defer { try? PrivateFile.remove(path) }
        let other = try TestDirectory()
        #expect(throws: StartError.self) { try restoring(path, to: other, passphrase: "oLd").run() }
        #expect(throws: StartError.self) { try restoring(path, to: other, passphrase: nil).run() }
        #expect(!PrivateFile.exists(other.path))
        // While its member runs, and after.
        #expect(throws: StartError.self) { try restoring(path, to: home, passphrase: "old").run() }
        await first.stop()
        let before = try PrivateFile.read(home.path + "/member.json", bytesMax: 1 << 20)
        #expect(throws: StartError.self) { try restoring(path, to: home, passphrase: "old").run() }
        #expect(try PrivateFile.read(home.path + "/member.json", bytesMax: 1 << 20) == before)

        var bytes = try PrivateFile.read(path, bytesMax: 1 << 26)
        bytes[bytes.count / 2] ^= 1
        try PrivateFile.write(bytes, to: path)
        #expect(throws: StartError.self) { try restoring(path, to: other, passphrase: "old").run() }
        #expect(!PrivateFile.exists(other.path))
        let again = try await home.ready()
        await again.stop()
    }

    @Test("a restore that was interrupted is not served from, nor founded over, and is begun anew")
    func interruptedRestore() async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        let token = try await mint("a", first)
        let path = try await save(first, to: home, .inClear)
        defer { try? PrivateFile.remove(path) }
        #expect(try Backup.check(path).holdsKeyInClear)
        await first.stop()
        let other = try TestDirectory()
        try PrivateFile.makeDirectory(other.path)
        let half = MemberFile(
            phase: .restoring, clusterID: first.clusterID, memberID: MemberID(high: 1, low: 2), name: "r1", certificate: nil, caCertificate: nil,
            peers: [])
        try PrivateFile.write(half.json.encoded(), to: other.path + "/member.json")
        try PrivateFile.write([1, 2, 3], to: other.path + "/state.db")
        await #expect(throws: StartError.self) { try await other.start() }
        try restoring(path, to: other, passphrase: nil).run()
        let restored = try await other.ready()
        #expect(restored.reason(of: token.token) == nil)
        await restored.stop()
    }

    @Test("without a passphrase to seal with there is no backup unless it is asked for in clear; two at once are refused")
    func plainKeystore() async throws {
        let home = try TestDirectory()
        let member = try await home.ready()
        await #expect(throws: BackupFailure.passphraseRequired) { try await member.backup(sealing: .keystore, by: "test") }
        let stream = try await member.backup(sealing: .inClear, by: "test")
        await #expect(throws: BackupFailure.busy) { try await member.backup(sealing: .inClear, by: "test") }
        withExtendedLifetime(stream) {}
        await member.stop()
    }

    // MARK: - Recovering

    /// What a member holds that was one of three and never heard whether its last entries were committed.
    private func loseMajority(_ home: TestDirectory, _ member: Member, voters: [MemberID]? = nil, _ bodies: CommandBody...) throws {
        let path = home.path + "/log.db"
        let log = try LogStore.open(path: path, identity: StoreIdentity(clusterID: member.clusterID, memberID: member.id))
        let term = log.hardState.term
        let voters = voters ?? [member.id, MemberID(high: 5, low: 5), MemberID(high: 6, low: 6)]
        var entries = [
            Entry(index: log.lastIndex.next, term: term, kind: .configuration, payload: Configuration(voters: voters).encoded())
        ]
        for body in bodies {
            let proposal = TrustStore.Proposal(requestID: .random(), proposedAfter: log.lastIndex, actor: Self.admin, body: body)
            entries.append(
                Entry(
                    index: log.lastIndex.next.advanced(by: entries.count), term: term, kind: .command,
                    payload: Command(proposal, stampedAtMilliseconds: WallClock.nowMilliseconds()).encode()))
        }
        try log.perform([StorageOperation(id: 1, entries: entries)])
        try log.close()
    }

    @Test("a survivor goes on alone with all that its log holds, and as who it was")
    func recover() async throws {
        let home = try TestDirectory(passphrase: "old")
        let first = try await home.ready()
        let (good, bad) = (try await mint("good", first), try await mint("bad", first))
        #expect(throws: StartError.self, "it runs") { try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true } }
        await first.stop()
        #expect(throws: StartError.self, "it is alone already") { try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true } }
        // Nobody knows whether the majority had this one.
        try loseMajority(home, first, .revokeToken(RevokeToken(tokenID: bad.id, expiresAt: bad.expiresAt, reason: nil)))

        var plan: Recovering.Plan?
        #expect(throws: StartError.self, "the operator said no") {
            try Recovering(dataDirectory: home.path, revokeBefore: nil).run {
                plan = $0
                return false
            }
        }
        #expect(plan.map { $0.lastIndex - $0.appliedIndex } == 2 && plan?.name == "n1")
        try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true }
        let recovered = try await home.ready()
        #expect(recovered.id == first.id && recovered.view.state.members.count == 1)
        #expect(recovered.reason(of: good.token) == nil)
        #expect(recovered.reason(of: bad.token) == .tokenRevoked)
        let token = try await mint("new", recovered)
        try await revoke(token, recovered)
        #expect(recovered.reason(of: token.token) == .tokenRevoked)
        await recovered.stop()
    }

    @Test("a recovery that was interrupted is not served from, and is finished by another run", arguments: [true, false])
    func interruptedRecovery(afterAppending: Bool) async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        let token = try await mint("a", first)
        await first.stop()
        try loseMajority(home, first, .revokeToken(RevokeToken(tokenID: token.id, expiresAt: nil, reason: nil)))
        let memberFile = home.path + "/member.json"
        if afterAppending {
            try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true }
        }
        var file = try MemberFile(JSON(parsing: PrivateFile.read(memberFile, bytesMax: 1 << 20)))
        file.phase = .recovering
        try PrivateFile.write(file.json.encoded(), to: memberFile)
        await #expect(throws: StartError.self) { try await home.start() }
        try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true }
        let recovered = try await home.ready()
        #expect(recovered.reason(of: token.token) == .tokenRevoked)
        await recovered.stop()
    }

    private func interrupt(_ home: TestDirectory) throws {
        let path = home.path + "/member.json"
        var file = try MemberFile(JSON(parsing: PrivateFile.read(path, bytesMax: 1 << 20)))
        file.phase = .recovering
        try PrivateFile.write(file.json.encoded(), to: path)
    }

    @Test("an interrupted recovery that is run again with a time does revoke, and a later time revokes more")
    func resumedWithRevocation() async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        let token = try await mint("a", first)
        await first.stop()
        try loseMajority(home, first, .revokeToken(RevokeToken(tokenID: "other", expiresAt: nil, reason: nil)))
        try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true }
        try interrupt(home)
        try Recovering(dataDirectory: home.path, revokeBefore: 1_000).run { _ in true }
        try interrupt(home)
        let now = WallClock.nowSeconds()
        try Recovering(dataDirectory: home.path, revokeBefore: now).run { _ in true }
        try interrupt(home)
        // What holds already needs no more entries.
        var last: UInt64 = 0
        try Recovering(dataDirectory: home.path, revokeBefore: 1_000).run {
            last = $0.lastIndex
            return true
        }
        try interrupt(home)
        try Recovering(dataDirectory: home.path, revokeBefore: nil).run {
            #expect($0.lastIndex == last)
            return true
        }
        let recovered = try await home.ready()
        #expect(recovered.reason(of: token.token) != nil)
        #expect(recovered.view.state.broadRevocations[RevocationTarget.nameOfEverything]?.target == .everything(before: now))
        await recovered.stop()
    }

    @Test("a recovery whose entry would be refused, or was refused in an earlier run, does not say that it is done")
    func refusedRecovery() async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        await first.stop()
        let stranger = NewMember(
            id: MemberID(high: 5, low: 5), name: "n2", addresses: ["127.0.0.1:9"], publicKey: [5], certificate: [5])
        let secret = [UInt8](repeating: 7, count: 32)
        try loseMajority(
            home, first,
            .addJoinToken(AddJoinToken(id: "t", memberName: "n2", secretHash: secret, expiresAt: WallClock.nowSeconds() + 600)),
            .joinMember(JoinMember(tokenID: "t", secretHash: secret, member: stranger)))
        var plan: Recovering.Plan?
        #expect(throws: StartError.self, "too far ahead") {
            try Recovering(dataDirectory: home.path, revokeBefore: WallClock.nowSeconds() + 100_000).run {
                plan = $0
                return true
            }
        }
        #expect(plan?.others.map(\.name) == ["n2"], "of whom only the entries that are not applied speak")
        // As a run would have left it that wrote the entry first and looked at the answer afterwards.
        try loseMajority(
            home, first, voters: [first.id],
            .rebuildCluster(
                RebuildCluster(
                    origin: .survivor, member: stranger, revokeBefore: WallClock.nowSeconds() + 100_000)))
        try interrupt(home)
        try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true }
        let recovered = try await home.ready()
        #expect(recovered.view.state.members.values.map(\.id) == [recovered.id])
        await recovered.stop()
    }

    @Test("a survivor whose own removal is in its log, not applied, goes on alone, and starts again and again", arguments: [true, false])
    func removedSurvivor(isInterrupted: Bool) async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        let token = try await mint("a", first)
        await first.stop()
        let stranger = NewMember(
            id: MemberID(high: 5, low: 5), name: "n2", addresses: ["127.0.0.1:9"], publicKey: [5], certificate: [5])
        let secret = [UInt8](repeating: 7, count: 32)
        try loseMajority(
            home, first,
            .addJoinToken(AddJoinToken(id: "t", memberName: "n2", secretHash: secret, expiresAt: WallClock.nowSeconds() + 600)),
            .joinMember(JoinMember(tokenID: "t", secretHash: secret, member: stranger)),
            .changeMember(ChangeMember(first.id, isLeaving: true)),
            .removeMember(RemoveMember(first.id, keepUntil: WallClock.nowSeconds() + 1_000)))
        var plan: Recovering.Plan?
        try Recovering(dataDirectory: home.path, revokeBefore: nil).run {
            plan = $0
            return true
        }
        #expect(plan?.isRemoved == true && plan?.others.map(\.name) == ["n2"])
        if isInterrupted {
            try interrupt(home)
            try Recovering(dataDirectory: home.path, revokeBefore: nil).run { _ in true }
        }
        for _ in 1...2 {
            let recovered = try await home.ready()
            #expect(recovered.view.state.members.values.map(\.id) == [first.id])
            #expect(recovered.view.state.removedMembers[first.id] == nil)
            #expect(recovered.reason(of: token.token) == nil)
            let fresh = try await mint("fresh", recovered)
            try await revoke(fresh, recovered)
            #expect(recovered.reason(of: fresh.token) == .tokenRevoked)
            await recovered.stop()
        }
    }

    // MARK: - Wiping

    @Test("a wipe asks first, spares a running member and files of others, and leaves a directory that can be used anew")
    func wipe() async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        let note = home.path + "/notes.txt"
        try PrivateFile.write(Array("mine".utf8), to: note)
        defer { try? PrivateFile.remove(note) }
        #expect(throws: StartError.self, "it runs") { try Wiping(dataDirectory: home.path).run { _ in true } }
        await first.stop()
        var plan: Wiping.Plan?
        #expect(throws: StartError.self, "the operator said no") {
            try Wiping(dataDirectory: home.path).run {
                plan = $0
                return false
            }
        }
        #expect(plan?.name == "n1" && plan?.isMember == true && plan?.others == [])
        let kept = try await home.ready()
        await kept.stop()
        let left = ["keystore.json.new", "keystore.key.new", "member.json.new-12-3", "lineage.json.new-12-3"]
        for name in left { try PrivateFile.write([1], to: "\(home.path)/\(name)") }
        try Wiping(dataDirectory: home.path).run { _ in true }
        for name in left + ["member.json", "keystore.json", "keystore.key", "log.db", "log.db.mark", "state.db", "audit.db", "lineage.json", "reserve", "snapshots"] {
            #expect(!PrivateFile.exists("\(home.path)/\(name)"), "\(name)")
        }
        #expect(PrivateFile.exists(note))
        #expect(throws: StartError.self, "there is none any more") { try Wiping(dataDirectory: home.path).run { _ in true } }
        let anew = try await home.start()
        #expect(anew.isFounder && anew.member.clusterID != first.clusterID)
        await anew.member.stop()
    }

    @Test("a wipe that was interrupted is not served from, and is finished by another run")
    func interruptedWipe() async throws {
        let home = try TestDirectory()
        let first = try await home.ready()
        await first.stop()
        let memberFile = home.path + "/member.json"
        var file = try MemberFile(JSON(parsing: PrivateFile.read(memberFile, bytesMax: 1 << 20)))
        file.phase = .wiping
        try PrivateFile.write(file.json.encoded(), to: memberFile)
        try PrivateFile.remove(home.path + "/keystore.json")
        await #expect(throws: StartError.self) { try await home.start() }
        try Wiping(dataDirectory: home.path).run { _ in true }
        #expect(!PrivateFile.exists(memberFile) && !PrivateFile.exists(home.path + "/log.db"))
    }
}
