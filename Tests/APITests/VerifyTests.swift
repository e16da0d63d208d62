import EventLoop
import JOSE
import Testing

@testable import API

@Suite("POST /1.0/tokens/verify and explain", .timeLimit(.minutes(5)))
struct VerifyTests {
    @Test("the answer about a good token")
    func valid() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["read", "x"], ["claims": ["team": "ops"]])
            let answer = try await served.send("POST", "/1.0/tokens/verify", ["token": .string(token)])
            let verdict = answer.metadata
            #expect(answer.status == 200 && verdict["valid"] == true, "\(answer)")
            #expect(verdict["method"] == "cluster" && verdict["subject"] == "alice" && verdict["scopes"] == ["read", "x"])
            #expect(verdict["claims"]?["team"] == "ops")
            #expect(verdict["reason"] == nil)
            #expect(verdict["expires_at"]?.stringValue.flatMap { RFC3339.seconds($0) } == verdict["claims"]?["exp"]?.integerValue)
            #expect(verdict["index"]?.integerValue.map { String($0) } == answer.fields["credence-index"])
            #expect(verdict["age_ms"]?.integerValue != nil)
        }
    }

    @Test("a caller with standing is told the reason, a stranger only what the token's text tells")
    func reasons() async throws {
        try await ServedMember.with { served async throws in
            let revoked = try await served.mint("alice", ["read"])
            try await served.revoke(revoked)
            let reader = try await served.mint("reader", ["read"])
            let scopeless = try await served.mint("none", ["custom"])
            let early = try await served.mint("e", ["read"], ["not_before": .integer(WallClock.nowSeconds() + 900)])
            let cases: [(token: String, full: String, told: String)] = [
                (revoked, "token_revoked", "invalid_token"), ("x", "malformed", "malformed"),
                (early, "not_yet_valid", "not_yet_valid"), (reader + "A", "bad_signature", "invalid_token"),
            ]
            for (token, full, told) in cases {
                let body: JSON = ["token": .string(token)]
                for (caller, reason) in [
                    (reader, full), (served.adminToken, full), (nil, told), (scopeless, told), (revoked, told),
                ] {
                    let verdict = try await served.send("POST", "/1.0/tokens/verify", body, token: caller).metadata
                    #expect(verdict["valid"] == false && verdict["reason"]?.stringValue == reason, "\(verdict)")
                    if reason == "invalid_token" { #expect(verdict["subject"] == nil && verdict["claims"] == nil) }
                }
                let local = try await served.send("POST", "/1.0/tokens/verify", body, over: ServedMember.root).metadata
                #expect(local["reason"]?.stringValue == full)
            }
        }
    }

    @Test("scope and audience are part of the question")
    func expectations() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["write"], ["audience": "a"])
            let cases: [(JSONObject, String?)] = [
                (["scope": "read"], nil), (["audience": "a"], nil), (["scope": "admin"], "insufficient_scope"),
                (["audience": "b"], "audience_mismatch"),
            ]
            for (question, reason) in cases {
                var body = question
                body["token"] = .string(token)
                let verdict = try await served.operate("POST", "/1.0/tokens/verify", .object(body))
                #expect(verdict["reason"]?.stringValue == reason, "\(verdict)")
            }
        }
    }

    @Test("strangers are limited per address, callers who proved who they are are not")
    func rateLimit() async throws {
        // It refills in a day.
        let strangers = RequestRateLimit.Settings(perSecond: 1 / 86_400, burst: 3, sourcesMax: 8)
        try await ServedMember.with(strangers: strangers) { served async throws in
            let body: JSON = ["token": "x"]
            for _ in 0..<3 { #expect(try await served.send("POST", "/1.0/tokens/verify", body).status == 200) }
            let answer = try await served.send("POST", "/1.0/tokens/verify", body)
            #expect(answer.status == 429 && answer.fields["retry-after"] == "3600", "\(answer)")
            #expect(try await served.send("POST", "/1.0/tokens/verify", body, token: served.adminToken).status == 200)
            #expect(try await served.send("POST", "/1.0/tokens/verify", body, over: .unix(userID: 7)).status == 200)
        }
    }

    @Test("explain names the failed check and what was found")
    func explain() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["read"])
            let good = try await served.operate("POST", "/1.0/tokens/explain", ["token": .string(token)])
            #expect(good["valid"] == true)
            try await served.revoke(token)
            let bad = try await served.operate("POST", "/1.0/tokens/explain", ["token": .string(token)])
            #expect(bad["valid"] == false)
            let failed = bad["steps"]?.arrayValue?.filter { $0["outcome"] == "fail" } ?? []
            #expect(failed.count == 1 && failed.first?["check"] == "revocation", "\(bad)")
        }
    }
}

@Suite("The rate limit for strangers")
struct RequestRateLimitTests {
    private let settings = RequestRateLimit.Settings(perSecond: 2, burst: 3, sourcesMax: 2)
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test("the burst passes, one more does not, and waiting as told helps")
    func burst() {
        var limit = RequestRateLimit(settings)
        for _ in 0..<3 { #expect(limit.take(from: [1], at: start) == .allowed) }
        #expect(limit.take(from: [1], at: start) == .refused(retryAfterSeconds: 1))
        #expect(limit.take(from: [2], at: start) == .allowed, "another source has its own bucket")
        #expect(limit.take(from: [1], at: start + .seconds(1)) == .allowed)
        #expect(limit.take(from: [1], at: start + .seconds(1)) == .allowed)
        #expect(limit.take(from: [1], at: start + .seconds(1)) == .refused(retryAfterSeconds: 1))
    }

    @Test("a long pause fills the bucket to its brim and no further")
    func brim() {
        var limit = RequestRateLimit(settings)
        for _ in 0..<3 { _ = limit.take(from: [1], at: start) }
        let later = start + .seconds(1_000_000)
        for _ in 0..<3 { #expect(limit.take(from: [1], at: later) == .allowed) }
        #expect(limit.take(from: [1], at: later) != .allowed)
    }

    @Test("sources beyond the bound share one bucket, and the table does not grow")
    func sources() {
        var limit = RequestRateLimit(settings)
        #expect(limit.take(from: [1], at: start) == .allowed)
        #expect(limit.take(from: [2], at: start) == .allowed)
        for source in UInt8(3)...5 { #expect(limit.take(from: [source], at: start) == .allowed) }
        #expect(limit.take(from: [6], at: start) != .allowed)
        #expect(limit.sourcesSeen == 2)
        #expect(limit.take(from: [1], at: start) == .allowed, "a source that was there first keeps its bucket")
    }

    @Test("full buckets make room for new sources")
    func forgetting() {
        var limit = RequestRateLimit(settings)
        _ = limit.take(from: [1], at: start)
        _ = limit.take(from: [2], at: start)
        let later = start + .seconds(10)
        for source in UInt8(3)...4 { for _ in 0..<3 { #expect(limit.take(from: [source], at: later) == .allowed) } }
        #expect(limit.sourcesSeen == 2)
    }

    @Test("a clock that stands still or goes back gives nothing away")
    func clockBack() {
        var limit = RequestRateLimit(settings)
        for _ in 0..<3 { _ = limit.take(from: [1], at: start) }
        #expect(limit.take(from: [1], at: start - .seconds(1)) != .allowed)
    }
}
