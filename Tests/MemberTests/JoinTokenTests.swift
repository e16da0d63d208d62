import Cluster
import JOSE
import Testing

@Suite("Join tokens")
struct JoinTokenTests {
    let token = JoinToken(
        serverName: "n4", fingerprint: String(repeating: "ab", count: 32), addresses: ["10.0.0.1:8443"],
        secret: String(repeating: "0f", count: 32), expiresAt: 1_800_000_000)

    @Test("a token's text reads back as the same token")
    func roundTrip() throws {
        #expect(try JoinToken(text: token.text) == token)
    }

    @Test("what a user may paste wrongly is refused with a reason and without the secret", arguments: [
        "", "hello", "e30=", "W10=", "eyJzZXJ2ZXJfbmFtZSI6MX0=",
    ])
    func malformed(text: String) {
        let error = #expect(throws: StartError.self) { try JoinToken(text: text) }
        guard case .joinTokenMalformed = error else { Issue.record("unexpected \(String(describing: error))"); return }
    }

    @Test("a token cut anywhere is refused")
    func truncated() {
        let text = token.text
        for count in 1..<text.count {
            #expect(throws: StartError.self) { try JoinToken(text: String(text.prefix(count))) }
        }
    }

    @Test("the text's bound is enforced before it is decoded")
    func bound() {
        #expect(throws: StartError.self) { try JoinToken(text: String(repeating: "A", count: JoinToken.textBytesMax + 4)) }
    }

    @Test("a token names as many addresses as leave it readable, however long they and the name are")
    func fittingAddresses() throws {
        for length in [5, 100, 155, 300] {
            let addresses = (0..<200).map { String(repeating: "a", count: length - 3) + "\(100 + $0)" }
            let fitting = JoinToken.fitting(addresses)
            #expect(fitting == Array(addresses.prefix(fitting.count)) && fitting.count == min(64, 10 * 1024 / (length + 3)))
            for name in ["n", String(repeating: "\u{1}", count: 256), String(repeating: "é", count: 128)] {
                let token = JoinToken(
                    serverName: name, fingerprint: token.fingerprint, addresses: fitting, secret: token.secret, expiresAt: token.expiresAt)
                #expect(try JoinToken(text: token.text) == token, "\(length) \(name.utf8.count)")
            }
        }
    }

    @Test("the record kept of a secret reveals neither it nor the other record")
    func hashes() {
        let secret = token.secret
        let id = JoinSecret.tokenID(of: secret)
        #expect(id.count == 36)
        #expect(id != JoinSecret.tokenID(of: String(secret.reversed())))
        let hash = JoinSecret.hash(of: secret).map { String($0, radix: 16) }.joined()
        #expect(!hash.contains(id.filter { $0 != "-" }.prefix(8)))
    }
}

@Suite("RFC 3339 times")
struct RFC3339Tests {
    @Test("known instants are written and read back", arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ])
    func known(seconds: Int64, text: String) {
        #expect(RFC3339.text(seconds) == text)
        #expect(RFC3339.seconds(text) == seconds)
    }

    @Test("days that do not exist and other spellings are refused", arguments: [
        "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.Z", "", "Z",
    ])
    func refused(text: String) {
        #expect(RFC3339.seconds(text) == nil)
    }
}
