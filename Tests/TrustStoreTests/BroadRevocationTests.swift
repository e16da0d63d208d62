import HashTreeCollections
import JOSE
import Raft
import Testing
import TrustStore

@Suite("Revoking subjects, certificates, keys and everything")
struct BroadRevocationTests {
    private let now = Fixtures.startSeconds

    private func record(_ log: Log, _ target: RevocationTarget) -> BroadRevocationRecord? { log.state.broadRevocations[target.name] }

    @Test("without a time the leader's stamp is the time")
    func stamped() throws {
        var log = Log.founded()
        let done = try #require(log.apply(.revoke(Revoke(.subject("bob", before: nil), reason: "left")), after: 3_000).result)
        let stored = try #require(record(log, .subject("bob", before: 0)))
        #expect(stored.target == .subject("bob", before: now + 3) && stored.id == done.id && stored.reason == "left")
    }

    @Test("a later time replaces an earlier one, an earlier or the same is answered with what stands")
    func replaced() throws {
        var log = Log.founded()
        let first = log.apply(.revoke(Revoke(.subject("bob", before: now - 100), reason: nil))).result
        #expect(log.apply(.revoke(Revoke(.subject("bob", before: now - 200), reason: nil))).result == first)
        #expect(log.apply(.revoke(Revoke(.subject("bob", before: now - 100), reason: nil))).result == first)
        let second = log.apply(.revoke(Revoke(.subject("bob", before: now), reason: nil))).result
        #expect(second != first && log.state.broadRevocations.count == 1)
        #expect(record(log, .subject("bob", before: 0))?.target.before == now)
    }

    @Test("subjects that only look alike are two")
    func lookAlikes() {
        var log = Log.founded()
        log.apply(.revoke(Revoke(.subject("caf\u{E9}", before: nil), reason: nil)))
        log.apply(.revoke(Revoke(.subject("cafe\u{301}", before: nil), reason: nil)))
        #expect(log.state.broadRevocations.count == 2)
    }

    @Test("tokens of a far future are not revoked before they are issued")
    func future() {
        var log = Log.founded()
        #expect(log.apply(.revoke(Revoke(.subject("bob", before: now + 600), reason: nil))).result != nil)
        #expect(log.apply(.revoke(Revoke(.subject("eve", before: now + 601), reason: nil))).refusal == .invalid)
        #expect(log.apply(.revoke(Revoke(.everything(before: now + 601), reason: nil))).refusal == .invalid)
    }

    @Test("a revoked key is retired in the same entry, and an unknown one is refused")
    func key() {
        var log = Log.founded()
        #expect(log.apply(.revoke(Revoke(.key(kid: "k0"), reason: nil))).result != nil)
        #expect(log.state.signingKeys["k0"]?.state == .retired)
        #expect(log.apply(.revoke(Revoke(.key(kid: "nope"), reason: nil))).refusal == .signingKeyUnknown)
        #expect(log.state.broadRevocations.count == 1)
    }

    @Test("a revoked key that was destroyed does not come back under its kid, and revoking it again holds")
    func keyAgain() {
        var log = Log.founded()
        let first = log.apply(.revoke(Revoke(.key(kid: "k0"), reason: nil))).result
        log.apply(.removeSigningKey(kid: "k0"))
        #expect(log.apply(.addSigningKey(Fixtures.key("k0"))).refusal == .signingKeyState)
        #expect(log.state.signingKeys["k0"] == nil)
        #expect(log.apply(.revoke(Revoke(.key(kid: "k0"), reason: nil))).result == first)
    }

    @Test("subjects and certificates can be withdrawn; keys, everything and single tokens cannot")
    func withdrawal() {
        var log = Log.founded()
        func revoke(_ target: Revoke.Target) -> String { log.apply(.revoke(Revoke(target, reason: nil))).result?.id ?? "" }
        let subject = revoke(.subject("bob", before: nil)), certificate = revoke(.certificate(fingerprint: Fixtures.fingerprint("e")))
        let key = revoke(.key(kid: "k0")), everything = revoke(.everything(before: 5))
        let token = log.apply(.revokeToken(RevokeToken(tokenID: "j", expiresAt: nil, reason: nil))).result?.id ?? ""
        for id in [subject, certificate] { #expect(log.apply(.withdrawRevocation(id: id)).result?.id == id) }
        for id in [key, everything] { #expect(log.apply(.withdrawRevocation(id: id)).refusal == .revocationFinal) }
        for id in [token, subject, "999", "x", "-1"] { #expect(log.apply(.withdrawRevocation(id: id)).refusal == .revocationUnknown) }
        #expect(log.state.broadRevocations.count == 2 && log.state.revokedTokens.contains("j"))
    }

    @Test("a revocation that does not fit its rules is refused")
    func checks() {
        var log = Log.founded()
        let targets: [Revoke.Target] = [
            .subject("", before: nil), .subject(String(repeating: "x", count: 1025), before: nil), .subject("a", before: -1),
            .certificate(fingerprint: "ab"), .key(kid: ""), .everything(before: -1),
        ]
        for target in targets { #expect(log.apply(.revoke(Revoke(target, reason: nil))).refusal == .invalid) }
        #expect(log.apply(.revoke(Revoke(.subject("a", before: nil), reason: "\n"))).refusal == .invalid)
    }
}
