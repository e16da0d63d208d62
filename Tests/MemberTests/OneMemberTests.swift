import Cluster
import Crypto
import EventLoop
import HashTreeCollections
import JOSE
import Logging
import Raft
import Testing
import Tokens
import TrustStore

/// Real members in this process, each with its own directory, loops and SQLite files.
@Suite("One member", .serialized)
struct OneMemberTests {
    static let admin = TrustStore.Actor(id: "test", method: "unix", address: nil)

    @Test("a founder is fresh, mints, verifies, and refuses what it revoked")
    func mintVerifyRevoke() async throws {
        let home = try TestDirectory()
        let started = try await home.start()
        let member = started.member
        #expect(started.isFounder)
        let admin = try #require(started.adminToken)
        try await member.readBarrier()
        try await member.untilFresh()
        #expect(member.reason(of: admin) == nil)

        let minted = try await member.mint(MintRequest(subject: "svc", scopes: ["read"]), by: Self.admin)
        #expect(member.reason(of: minted.token) == nil)
        let revoked = try await member.propose(
            .revokeToken(RevokeToken(tokenID: minted.id, expiresAt: minted.expiresAt, reason: "test")), by: Self.admin)
        #expect(member.view.index >= revoked.index)
        #expect(member.reason(of: minted.token) == .tokenRevoked)
        #expect(member.reason(of: admin) == nil)
        await member.stop()
    }

    @Test("after a restart keys and revocations are as they were")
    func restart() async throws {
        let home = try TestDirectory()
        let first = try await home.start().member
        try await first.readBarrier()
        try await first.untilFresh()
        let good = try await first.mint(MintRequest(subject: "good", scopes: ["read"]), by: Self.admin)
        let bad = try await first.mint(MintRequest(subject: "bad", scopes: ["read"]), by: Self.admin)
        let revocation = RevokeToken(tokenID: bad.id, expiresAt: bad.expiresAt, reason: nil)
        try await first.propose(.revokeToken(revocation), by: Self.admin)
        let keys = first.view.state.signingKeys
        await first.stop()

        let again = try await home.start()
        #expect(!again.isFounder && again.adminToken == nil)
        #expect(again.member.id == first.id)
        try await again.member.readBarrier()
        try await again.member.untilFresh()
        #expect(again.member.view.state.signingKeys == keys)
        #expect(again.member.reason(of: good.token) == nil)
        #expect(again.member.reason(of: bad.token) == .tokenRevoked)
        await again.member.stop()
    }

    @Test("a new signing key is activated by the leader and then signs; the old one still verifies")
    func rotate() async throws {
        let home = try TestDirectory()
        let member = try await home.start().member
        try await member.readBarrier()
        try await member.untilFresh()
        let old = try await member.mint(MintRequest(subject: "a", scopes: []), by: Self.admin)
        let key = try await member.createSigningKey(.es256, activateIn: nil, by: Self.admin)
        try await member.until { $0.state.signingKeys[key.kid]?.state == .active }
        let new = try await member.mint(MintRequest(subject: "a", scopes: []), by: Self.admin)
        #expect(new.keyID == key.kid && old.keyID != key.kid)
        #expect(member.reason(of: old.token) == nil)
        #expect(member.reason(of: new.token) == nil)
        await member.stop()
    }

    @Test("the same request id does a change once, and answers the same again")
    func exactlyOnce() async throws {
        let home = try TestDirectory()
        let member = try await home.start().member
        try await member.readBarrier()
        let id = RequestID(high: 1, low: 2)
        let body = CommandBody.revokeToken(RevokeToken(tokenID: "abc", expiresAt: nil, reason: nil))
        async let first = member.propose(body, by: Self.admin, requestID: id)
        async let second = member.propose(body, by: Self.admin, requestID: id)
        let third = try await member.propose(body, by: Self.admin, requestID: id)
        #expect(try await first == third)
        #expect(try await second == third)
        #expect(member.view.state.revokedTokens.count == 1)
        await member.stop()
    }

    @Test("a request id that was used for another kind of change is refused, not answered with that one's success")
    func reusedRequestID() async throws {
        let home = try TestDirectory()
        let member = try await home.start().member
        try await member.readBarrier()
        let id = RequestID(high: 3, low: 4)
        let key = try await member.createSigningKey(.edDSA, activateIn: 600, by: Self.admin, requestID: id)
        let error = await #expect(throws: ProposeError.self) {
            try await member.propose(
                .revokeToken(RevokeToken(tokenID: "abc", expiresAt: nil, reason: nil)), by: Self.admin, requestID: id)
        }
        guard case .refused(let refusal) = error else { Issue.record("unexpected \(String(describing: error))"); return }
        #expect(refusal.code == .requestReused)
        #expect(member.view.state.revokedTokens.isEmpty && member.view.state.signingKeys[key.kid] != nil)
        await member.stop()
    }

    @Test("a directory in use, a second --join, a wrong passphrase: each is refused and nothing changes")
    func refusals() async throws {
        let home = try TestDirectory(passphrase: "correct horse")
        let member = try await home.start().member
        let inUse = await #expect(throws: StartError.self) { try await home.start() }
        #expect("\(try #require(inUse))".contains("in use by process"))
        await member.stop()

        let join = await #expect(throws: StartError.self) { try await home.start(joinToken: Self.joinToken.text) }
        #expect("\(try #require(join))".contains("already belongs to cluster"))
        let wrong = await #expect(throws: StartError.self) { try await home.start(passphrase: "battery staple") }
        #expect("\(try #require(wrong))".contains("the passphrase does not open"))
        let none = await #expect(throws: StartError.self) { try await home.start(passphrase: .some(nil)) }
        #expect("\(try #require(none))".contains("--keystore-passphrase-file"))

        let again = try await home.start()
        #expect(again.member.id == member.id)
        await again.member.stop()
    }

    @Test("a founding cut short is begun anew")
    func unfinishedFounding() async throws {
        let home = try TestDirectory()
        let file = MemberFile(
            phase: .founding, clusterID: nil, memberID: MemberID(high: 9, low: 9), name: "n1", certificate: nil,
            caCertificate: nil, peers: [])
        try PrivateFile.makeDirectory(home.path)
        try PrivateFile.write(file.json.encoded(), to: home.path + "/member.json")
        try PrivateFile.write([1, 2, 3], to: home.path + "/log.db")
        let started = try await home.start()
        #expect(started.isFounder && started.member.id != file.memberID)
        await started.member.stop()
    }

    @Test("a log without its member.json is not founded over")
    func strayLog() async throws {
        let home = try TestDirectory()
        try PrivateFile.makeDirectory(home.path)
        try PrivateFile.write([1, 2, 3], to: home.path + "/log.db")
        await #expect(throws: StartError.self) { try await home.start() }
        #expect(try PrivateFile.read(home.path + "/log.db", bytesMax: 10) == [1, 2, 3])
    }

    @Test("a join that no address answers says so for each of them, and can be repeated")
    func unreachable() async throws {
        let home = try TestDirectory()
        for _ in 0..<2 {
            let error = await #expect(throws: StartError.self) { try await home.start(joinToken: Self.joinToken.text) }
            #expect("\(try #require(error))".contains("127.0.0.1:1"))
        }
        let without = await #expect(throws: StartError.self) { try await home.start() }
        #expect("\(try #require(without))".contains("the same --join TOKEN"))
    }

    @Test("a machine that was admitted and did not hear of it is told so when it tries a newer token, and the first one still answers it")
    func joinedUnheard() async throws {
        let home = try TestDirectory()
        let member = try await home.start().member
        try await member.readBarrier()
        let key = try PrivateKey.generate(.p256)
        func redeem(_ grant: JoinTokenGrant, _ key: PrivateKey) async throws -> JoinResponse {
            let request = try CertificateRequest.make(commonName: grant.token.serverName, uriNames: [], key: key)
            let json: JSON = [
                "feature_level": 1, "server_name": .string(grant.token.serverName), "secret": .string(grant.token.secret),
                "member_id": .string(MemberID(high: 5, low: 6).description), "certificate_request": .string(Base64URL.encode(request)), "addresses": ["127.0.0.1:1"],
            ]
            return try await member.redeemJoinToken(JoinRequest(json: json), from: nil)
        }
        let first = try await member.createJoinToken(for: "n2", by: Self.admin)
        _ = try await redeem(first, key)
        let second = try await member.createJoinToken(for: "n3", by: Self.admin)
        let told = await #expect(throws: ProposeError.self) { try await redeem(second, key) }
        guard case .refused(let refusal) = told else { Issue.record("unexpected \(String(describing: told))"); return }
        #expect(refusal.code == .joinTokenUsed && refusal.message.contains("repeat with the first token") && refusal.message.contains("n2"))
        for grant in [first, second] {
            let other = await #expect(throws: ProposeError.self) { try await redeem(grant, PrivateKey.generate(.p256)) }
            guard case .refused(let refusal) = other else { Issue.record("unexpected \(String(describing: other))"); return }
            #expect(refusal.message.contains("another machine"))
        }
        #expect(try await redeem(first, key).clusterID == member.clusterID)
        await member.stop()
    }

    static let joinToken = JoinToken(
        serverName: "n2", fingerprint: String(repeating: "ab", count: 32), addresses: ["127.0.0.1:1"],
        secret: String(repeating: "0f", count: 32), expiresAt: WallClock.nowSeconds() + 600)
}
