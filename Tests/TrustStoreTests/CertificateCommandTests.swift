import HashTreeCollections
import JOSE
import Raft
import Testing
import TrustStore

@Suite("Trusted certificates and the tokens that add them")
struct CertificateCommandTests {
    private let a = Fixtures.fingerprint("a"), b = Fixtures.fingerprint("b"), c = Fixtures.fingerprint("c")

    private func logWithCertificate() -> Log {
        var log = Log.founded()
        log.apply(.addCertificate(Fixtures.certificate("a")))
        return log
    }

    @Test("a certificate is trusted once")
    func addedOnce() throws {
        var log = logWithCertificate()
        let record = try #require(log.state.certificates[a])
        #expect(record.name == "ci" && record.version == LogIndex(2) && record.createdBy == "alice" && record.tokenHash == nil)
        let second = log.apply(.addCertificate(Fixtures.certificate("a", name: "other")))
        #expect(second.refusal == .certificateExists)
        #expect(log.state.certificates[a]?.name == "ci")
    }

    @Test("a change needs the version it was decided by; the version moves with every change and with no other entry")
    func versions() throws {
        var log = logWithCertificate()
        log.apply(.addCertificate(Fixtures.certificate("b")))
        #expect(log.state.certificates[a]?.version == LogIndex(2))
        let change = ChangeCertificate(fingerprint: a, expectedVersion: LogIndex(2), name: "first")
        #expect(log.apply(.changeCertificate(change)).result?.id == a)
        #expect(log.state.certificates[a]?.version == LogIndex(4))
        let late = log.apply(.changeCertificate(ChangeCertificate(fingerprint: a, expectedVersion: LogIndex(2), name: "second")))
        #expect(late.refusal == .certificateChanged)
        #expect(log.state.certificates[a]?.name == "first")
        #expect(log.apply(.removeCertificate(fingerprint: a, expectedVersion: LogIndex(2))).refusal == .certificateChanged)
        #expect(log.apply(.removeCertificate(fingerprint: a, expectedVersion: LogIndex(4))).result != nil)
        #expect(log.apply(.removeCertificate(fingerprint: a, expectedVersion: nil)).refusal == .certificateUnknown)
    }

    @Test("a change to what is there already changes nothing, the version included")
    func emptyChange() throws {
        var log = logWithCertificate()
        let before = try #require(log.state.certificates[a])
        log.apply(.changeCertificate(ChangeCertificate(fingerprint: a, name: "ci", summary: "of a", isRestricted: false, projects: [])))
        #expect(log.state.certificates[a] == before)
    }

    @Test("a new certificate takes the entry over, and the old one is gone in the same entry")
    func replacement() throws {
        var log = logWithCertificate()
        let next = ChangeCertificate.Replacement(fingerprint: c, certificate: [3])
        #expect(log.apply(.changeCertificate(ChangeCertificate(fingerprint: a, replacement: next))).result?.id == c)
        #expect(log.state.certificates[a] == nil)
        let record = try #require(log.state.certificates[c])
        #expect(record.certificate == [3] && record.name == "ci" && record.createdAt == Fixtures.startSeconds)
        #expect(try log.reloaded() == log.state)
        log.apply(.addCertificate(Fixtures.certificate("a")))
        #expect(log.apply(.changeCertificate(ChangeCertificate(fingerprint: a, replacement: next))).refusal == .certificateExists)
        #expect(log.state.certificates[a] != nil, "a refusal leaves the old one")
    }

    @Test("an add token makes one entry under its own conditions, once")
    func redeemed() throws {
        var log = Log.founded()
        log.apply(.addAddToken(Fixtures.addToken()))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption(secret: 8))).refusal == .addTokenUnknown)
        let used = log.apply(.redeemAddToken(Fixtures.redemption()))
        #expect(used.result?.id == c)
        let record = try #require(log.state.certificates[c])
        #expect(record.name == "guest" && record.isRestricted && record.projects == ["p1", "p2"] && record.type == .client)
        #expect(log.state.addTokens.isEmpty)
        #expect(log.apply(.redeemAddToken(Fixtures.redemption(digit: "d"))).refusal == .addTokenUnknown, "somebody else, later")
    }

    @Test("who redeems a token again with the certificate it brought gets the first answer")
    func redeemedAgain() {
        var log = Log.founded()
        log.apply(.addAddToken(Fixtures.addToken()))
        let first = log.apply(.redeemAddToken(Fixtures.redemption()))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption())).result == first.result)
        log.apply(.removeCertificate(fingerprint: c, expectedVersion: nil))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption())).refusal == .addTokenUnknown, "a certificate removed since does not come back")
    }

    @Test("a certificate that is trusted already does not spend a token")
    func redeemedInVain() {
        var log = logWithCertificate()
        log.apply(.addAddToken(Fixtures.addToken()))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption(digit: "a"))).refusal == .certificateExists)
        #expect(log.state.addTokens["o1"] != nil)
    }

    @Test("an expired token says so; one without an end has none; a revoked one is unknown")
    func expiry() {
        var log = Log.founded()
        log.apply(.addAddToken(Fixtures.addToken(in: 10)))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption()), after: 10_000).refusal == .addTokenExpired)
        log.apply(.addAddToken(Fixtures.addToken("o2", secret: 7, in: nil)))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption(secret: 7)), after: 1 << 40).result != nil)
        log.apply(.addAddToken(Fixtures.addToken("o3", secret: 6, in: nil)))
        log.apply(.removeAddToken(id: "o3"))
        #expect(log.apply(.redeemAddToken(Fixtures.redemption(secret: 6, digit: "d"))).refusal == .addTokenUnknown)
        #expect(log.apply(.removeAddToken(id: "o3")).refusal == .addTokenUnknown)
        #expect(log.apply(.addAddToken(Fixtures.addToken("o4", secret: 5, in: 0))).refusal == .addTokenExpired)
    }

    @Test("a second token with the id or the secret of a first is refused")
    func addTokenTwice() {
        var log = Log.founded()
        log.apply(.addAddToken(Fixtures.addToken()))
        #expect(log.apply(.addAddToken(Fixtures.addToken(secret: 1))).refusal == .addTokenExists)
        #expect(log.apply(.addAddToken(Fixtures.addToken("o2"))).refusal == .addTokenExists)
    }

    @Test("add tokens are bounded; expired ones make room")
    func bounds() {
        var log = Log.founded()
        for number in 0..<StateLimits.addTokensMax {
            var token = Fixtures.addToken("o\(number)", in: number == 0 ? 10 : nil)
            token.secretHash = Array(repeating: 0, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            #expect(log.apply(.addAddToken(token)).result != nil)
        }
        #expect(log.apply(.addAddToken(Fixtures.addToken("x", secret: 200))).refusal == .limitReached)
        #expect(log.apply(.addAddToken(Fixtures.addToken("x", secret: 200, in: nil)), after: 11_000).result != nil)
        #expect(log.state.addTokens["o0"] == nil)
    }

    @Test(
        "fields that break their rules refuse the command",
        arguments: [
            { $0.fingerprint = "ABC" }, { $0.fingerprint = Fixtures.fingerprint("A") }, { $0.fingerprint = Fixtures.fingerprint("g") },
            { $0.certificate = [] }, { $0.certificate = Array(repeating: 0, count: StateLimits.blobBytesMax + 1) }, { $0.name = "" },
            { $0.name = "a\nb" }, { $0.summary = "\u{7F}" }, { $0.projects = Array(repeating: "p", count: StateLimits.projectsMax + 1) },
            { $0.projects = [""] }, { $0.projects = ["a b"] },
        ] as [@Sendable (inout NewCertificate) -> Void])
    func checks(spoil: @Sendable (inout NewCertificate) -> Void) {
        var log = Log.founded()
        var new = Fixtures.certificate()
        spoil(&new)
        #expect(log.apply(.addCertificate(new)).refusal == .invalid)
        #expect(log.state.certificates.isEmpty)
    }
}
