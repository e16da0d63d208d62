import JOSE
import Testing

@testable import API

@Suite("The server's configuration, as clients of Incus set it", .timeLimit(.minutes(5)))
struct ServerConfigTests {
    @Test("spans are read and written as Incus does", arguments: [
        ("3H", 10_800), ("1d 12H", 129_600), ("90S", 90), ("2w", 1_209_600), ("1m", 2_592_000), ("1y 1S", 31_536_001), ("0S", 0),
    ] as [(String, Int64)])
    func spans(text: String, seconds: Int64) {
        #expect(ExpiryText.seconds(text) == seconds)
        #expect(ExpiryText.seconds(ExpiryText.text(seconds)) == seconds)
    }

    @Test("what is no span is none", arguments: ["", " ", "H", "3", "3h", "3H 4H", "-3H", "+3H", "3 H", "3H,1d", "9999999999999999999H", "1.5H"])
    func noSpans(text: String) { #expect(ExpiryText.seconds(text) == nil) }

    @Test("PUT replaces the whole map, PATCH what it names, an empty value is the default, and a stale ETag loses")
    func changes() async throws {
        try await ServedMember.with { served async throws in
            func config() async throws -> JSON? { try await served.operate("GET", "/1.0")["config"] }
            let tag = try #require(try await served.send("GET", "/1.0", over: ServedMember.root).fields["etag"])
            #expect(try await config() == .object([:]))
            _ = try await served.operate("PUT", "/1.0", ["config": ["core.remote_token_expiry": "1H"]])
            _ = try await served.operate("PATCH", "/1.0", ["config": ["cluster.join_token_expiry": "1d 12H"]])
            #expect(try await config() == ["core.remote_token_expiry": "1H", "cluster.join_token_expiry": "1d 12H"])
            #expect(try await served.operate("GET", "/1.0/cluster/settings")["add_token_seconds"] == 3600)
            let stale = try await served.send("PUT", "/1.0", body: #"{"config":{}}"#, fields: ["If-Match: \(tag)"], over: ServedMember.root)
            #expect(stale.status == 412 && stale.error.hasPrefix("ETag doesn't match"), "\(stale)")
            let current = try #require(try await served.send("GET", "/1.0", over: ServedMember.root).fields["etag"])
            #expect(try await served.send("PATCH", "/1.0", body: #"{"config":{"core.remote_token_expiry":""}}"#, fields: ["If-Match: \(current)"], over: ServedMember.root).status == 200)
            #expect(try await config() == ["cluster.join_token_expiry": "1d 12H"])
            _ = try await served.operate("PUT", "/1.0", ["config": .object([:])])
            #expect(try await config() == .object([:]))
            for (body, word) in [(#"{"config":{"core.https_address":"x"}}"#, "core.https_address"), (#"{"config":{"core.remote_token_expiry":"soon"}}"#, "span"), (#"{"config":[]}"#, "config")] {
                let refused = try await served.send("PATCH", "/1.0", body: body, over: ServedMember.root)
                #expect(refused.status == 400 && refused.error.contains(word), "\(refused)")
            }
        }
    }
}
