import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Signing keys and tokens")
struct KeyAndTokenCommandTests {
    private func state(_ log: Log, _ kid: String) -> SigningKeyState? { log.state.signingKeys[kid]?.state }

    @Test("adding a key touches no other; activating it retires the older active ones of its algorithm only")
    func rotation() throws {
        var log = Log.founded()
        log.apply(.addSigningKey(Fixtures.key("e", .edDSA)))
        log.apply(.addSigningKey(Fixtures.key("k1", .es256, .pending(activateInSeconds: nil))))
        #expect(state(log, "k0") == .active && state(log, "k1") == .pending)
        log.apply(.activateSigningKey(kid: "k1", retiringSeconds: 60), after: 10_000)
        #expect(state(log, "k0") == .retiring && state(log, "k1") == .active && state(log, "e") == .active)
        let old = try #require(log.state.signingKeys["k0"])
        #expect(old.retireAfter == Fixtures.startSeconds + 10 + log.state.settings.tokenSecondsMax && old.retiringAt == Fixtures.startSeconds + 10)
        #expect(old.version == LogIndex(4) && log.state.signingKeys["k1"]?.version == LogIndex(4))
        #expect(log.state.signingKeys["e"]?.version == LogIndex(2))
    }

    @Test("activating the active key again changes nothing")
    func activationRepeated() {
        var log = Log.founded()
        let before = log.state.signingKeys
        #expect(log.apply(.activateSigningKey(kid: "k0", retiringSeconds: 60), after: 5_000).result?.id == "k0")
        #expect(log.state.signingKeys == before)
    }

    @Test("a key is not activated before its time, and is at it")
    func activationTooEarly() {
        var log = Log.founded()
        log.apply(.addSigningKey(Fixtures.key("k1", .es256, .pending(activateInSeconds: 30))))
        #expect(log.apply(.activateSigningKey(kid: "k1", retiringSeconds: 0), after: 29_999).refusal == .signingKeyTooEarly)
        #expect(log.apply(.activateSigningKey(kid: "k1", retiringSeconds: 0), after: 1).result != nil)
        // Whatever the command says, what the old key signed goes on being good.
        #expect(state(log, "k0") == .retiring)
    }

    @Test("a key that is leaving never signs again", arguments: [0, 60] as [Int64])
    func noWayBack(seconds: Int64) {
        var log = Log.founded()
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: seconds))
        #expect(log.apply(.activateSigningKey(kid: "k0", retiringSeconds: 0)).refusal == .signingKeyState)
    }

    @Test("retiring shortens an earlier promise and never prolongs it")
    func retiring() {
        var log = Log.founded()
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: 60))
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: 100))
        #expect(log.state.signingKeys["k0"]?.retireAfter == Fixtures.startSeconds + 60)
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: 10))
        #expect(log.state.signingKeys["k0"]?.retireAfter == Fixtures.startSeconds + 10)
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: 100), after: 10_000)
        #expect(state(log, "k0") == .retired)
        #expect(log.state.signingKeys["k0"]?.retiredAt == Fixtures.startSeconds + 10)
    }

    @Test("a pending key retires at once, since it signed nothing")
    func pendingRetires() {
        var log = Log.founded()
        log.apply(.addSigningKey(Fixtures.key("k1", .es256, .pending(activateInSeconds: nil))))
        log.apply(.retireSigningKey(kid: "k1", retiringSeconds: 100))
        #expect(state(log, "k1") == .retired)
    }

    @Test("only a retired key is removed; its kid is then free")
    func removal() {
        var log = Log.founded()
        #expect(log.apply(.removeSigningKey(kid: "k0")).refusal == .signingKeyState)
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: 9))
        #expect(log.apply(.removeSigningKey(kid: "k0")).refusal == .signingKeyState)
        log.apply(.retireSigningKey(kid: "k0", retiringSeconds: 0))
        #expect(log.apply(.removeSigningKey(kid: "k0")).result?.id == "k0")
        #expect(log.state.signingKeys.isEmpty)
        #expect(log.apply(.removeSigningKey(kid: "k0")).refusal == .signingKeyUnknown)
    }

    @Test("a kid is unique, and unknown ones are refused")
    func kids() {
        var log = Log.founded()
        #expect(log.apply(.addSigningKey(Fixtures.key("k0", .edDSA))).refusal == .signingKeyExists)
        #expect(log.apply(.activateSigningKey(kid: "x", retiringSeconds: 0)).refusal == .signingKeyUnknown)
        #expect(log.apply(.retireSigningKey(kid: "x", retiringSeconds: 0)).refusal == .signingKeyUnknown)
    }

    @Test("a public key belongs to an asymmetric key and to no other")
    func publicKeys() {
        var log = Log.founded()
        var hmac = Fixtures.key("h", .hs256)
        #expect(log.apply(.addSigningKey(hmac)).result != nil)
        (hmac.kid, hmac.publicKey) = ("h2", [1])
        #expect(log.apply(.addSigningKey(hmac)).refusal == .invalid)
        var elliptic = Fixtures.key("p")
        elliptic.publicKey = nil
        #expect(log.apply(.addSigningKey(elliptic)).refusal == .invalid)
    }

    @Test("a revocation says who, when and at which entry; a second one is answered with the first")
    func revocation() throws {
        var log = Log.founded()
        let body = CommandBody.revokeToken(RevokeToken(tokenID: "j1", expiresAt: 5, reason: "lost"))
        let first = log.apply(body, after: 1_000)
        let record = try #require(log.state.revokedTokens["j1"])
        #expect(
            record
                == RevocationRecord(
                    tokenID: "j1", reason: "lost", expiresAt: 5, createdAt: Fixtures.startSeconds + 1, createdBy: "alice",
                    index: LogIndex(2)))
        #expect(first.result == CommandResult(id: record.id, index: LogIndex(2)))
        let again = RevokeToken(tokenID: "j1", expiresAt: nil, reason: "other")
        let second = log.apply(.revokeToken(again), by: Actor(id: "bob", method: "unix", address: nil))
        #expect(second.outcome == first.outcome && !second.isRepeat)
        #expect(log.state.revokedTokens["j1"] == record)
    }

    @Test("revocations are listed oldest first")
    func revocationsSorted() {
        var log = Log.founded()
        for number in 0..<20 { log.apply(.revokeToken(RevokeToken(tokenID: "j\(number)", expiresAt: nil, reason: nil))) }
        #expect(log.state.revokedTokens.sorted().map(\.tokenID) == (0..<20).map { "j\($0)" })
    }

    @Test("deleting a named token revokes it, until its own expiry")
    func namedTokenRemoved() {
        var log = Log.founded()
        log.apply(.recordToken(Fixtures.named("j1")))
        let removal = log.apply(.removeNamedToken(id: "j1", reason: nil))
        #expect(log.state.namedTokens.isEmpty)
        #expect(log.state.revokedTokens["j1"]?.expiresAt == Fixtures.startSeconds + Fixtures.hour)
        #expect(removal.result == CommandResult(id: "3", index: LogIndex(3)))
        #expect(log.apply(.removeNamedToken(id: "j1", reason: nil)).refusal == .namedTokenUnknown)
        #expect(log.state.revokedTokens.contains("j1"))
    }

    @Test("a named token needs its own id and a key of the cluster")
    func namedTokenRefused() {
        var log = Log.founded()
        log.apply(.recordToken(Fixtures.named("j1")))
        #expect(log.apply(.recordToken(Fixtures.named("j1"))).refusal == .namedTokenExists)
        #expect(log.apply(.recordToken(Fixtures.named("j2", key: "x"))).refusal == .signingKeyUnknown)
    }
}
