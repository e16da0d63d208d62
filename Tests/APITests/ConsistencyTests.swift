import Cluster
import HTTP
import JOSE
import Testing
import Tokens
import TrustStore

@testable import API

@Suite("Consistency headers", .timeLimit(.minutes(5)))
struct ConsistencyTests {
    @Test("every answer says which member, which index, how old and which request")
    func headers() async throws {
        try await ServedMember.with { served async throws in
            for target in ["/", "/1.0", "/healthz", "/nothing", "/1.0/keys", "/auth/verify", "/.well-known/jwks.json"] {
                let answer = try await served.send("GET", target)
                #expect(answer.fields["credence-member"] == "n1", "\(target)")
                #expect(answer.fields["credence-index"].flatMap { UInt64($0) } ?? 0 > 0, "\(target)")
                #expect(answer.fields["credence-age"].flatMap { UInt64($0) } != nil, "\(target)")
                #expect(answer.fields["x-request-id"]?.isEmpty == false, "\(target)")
            }
        }
    }

    @Test("an incoming X-Request-Id is kept when it is 1 to 128 visible characters, else replaced")
    func requestID() async throws {
        try await ServedMember.with { served async throws in
            for (given, isKept) in [
                ("a", true), (String(repeating: "z", count: 128), true), (String(repeating: "z", count: 129), false),
                ("a b", false), ("ä", false), ("", false),
            ] {
                let answer = try await served.send("GET", "/healthz", fields: ["X-Request-Id: \(given)"])
                #expect((answer.fields["x-request-id"] == given) == isKept, "\(given)")
                #expect(answer.fields["x-request-id"]?.isEmpty == false)
            }
            let first = try await served.send("GET", "/healthz")
            let second = try await served.send("GET", "/healthz")
            #expect(first.fields["x-request-id"] != second.fields["x-request-id"])
        }
    }

    @Test("an index that is reached is waited for no longer; one that is not gives 503 and when to come back")
    func minIndex() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let revoked = try await served.operate("POST", "/1.0/revocations", ["token": .string(token)])
            let index = try #require(revoked["index"]?.integerValue)
            let reached = try await served.send("GET", "/1.0", fields: ["Credence-Min-Index: \(index)"])
            #expect(reached.status == 200)
            for target in ["/1.0", "/auth/verify"] {
                let late = try await served.send(
                    "GET", target, token: served.adminToken,
                    fields: ["Credence-Min-Index: \(index + 1000)", "Credence-Timeout: 10ms"])
                #expect(late.status == 503 && late.fields["retry-after"] != nil, "\(late)")
            }
        }
    }

    @Test("a header that is no index or no time is refused by its name")
    func malformed() async throws {
        try await ServedMember.with { served async throws in
            for index in ["", "x", "-1", "+1", "1.5", "99999999999999999999999"] {
                let answer = try await served.send("GET", "/1.0", fields: ["Credence-Min-Index: \(index)"])
                #expect(answer.status == 400 && answer.error.contains("Credence-Min-Index"), "\(index): \(answer)")
            }
            for timeout in ["x", "-1", "61", "5m", "61000ms", "9999999999", ""] {
                let answer = try await served.send("GET", "/1.0", fields: ["Credence-Timeout: \(timeout)"])
                #expect(answer.status == 400 && answer.error.contains("Credence-Timeout"), "\(timeout): \(answer)")
            }
            #expect(try await served.send("GET", "/1.0?consistency=strong").status == 400)
        }
    }

    @Test("timeouts are seconds or milliseconds", arguments: [("5", 5000), ("5s", 5000), ("250ms", 250), ("60", 60_000), ("0", 0)])
    func timeouts(text: String, milliseconds: Int) throws {
        #expect(try Conditions.parseTimeout(text) == .milliseconds(milliseconds))
    }

    @Test("a linearizable read and a write answer from an index that has what came before")
    func linearizable() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let written = try await served.send("POST", "/1.0/revocations", ["token": .string(token)], over: ServedMember.root)
            let index = try #require(written.metadata["index"]?.integerValue)
            #expect(written.fields["credence-index"].flatMap { Int64($0) } ?? 0 >= index)
            for target in ["/1.0/keys?consistency=linearizable", "/auth/verify?consistency=linearizable"] {
                let read = try await served.send("GET", target, token: served.adminToken)
                #expect(read.status == 200 && read.fields["credence-index"].flatMap { Int64($0) } ?? 0 >= index, "\(read)")
            }
        }
    }
}

@Suite("Idempotency-Key", .timeLimit(.minutes(5)))
struct IdempotencyTests {
    @Test("the same write by the same caller happens once")
    func once() async throws {
        try await ServedMember.with { served async throws in
            let send = { (key: String) in
                try await served.send(
                    "POST", "/1.0/keys", body: #"{"algorithm":"EdDSA"}"#, fields: ["Idempotency-Key: \(key)"],
                    over: ServedMember.root)
            }
            let first = try await send("one")
            let again = try await send("one")
            let other = try await send("two")
            #expect(first.status == 201 && again.status == 201 && other.status == 201, "\(again)")
            #expect(first.metadata["id"] == again.metadata["id"])
            #expect(first.metadata["id"] != other.metadata["id"])
        }
    }

    @Test("another caller's key is another key")
    func perCaller() async throws {
        try await ServedMember.with { served async throws in
            let body = #"{"algorithm":"EdDSA"}"#
            let one = try await served.send(
                "POST", "/1.0/keys", body: body, fields: ["Idempotency-Key: k"], over: ServedMember.root)
            let two = try await served.send(
                "POST", "/1.0/keys", body: body, token: served.adminToken, fields: ["Idempotency-Key: k"])
            #expect(one.metadata["id"] != two.metadata["id"], "\(one) \(two)")
        }
    }

    @Test("a key used again for something else hides nothing: both are done")
    func reused() async throws {
        try await ServedMember.with { served async throws in
            let fields = ["Idempotency-Key: k"]
            for (target, body) in [
                ("/1.0/keys", #"{"algorithm":"EdDSA"}"#), ("/1.0/revocations", #"{"token_id":"x"}"#),
                ("/1.0/revocations", #"{"token_id":"y"}"#),
            ] {
                #expect(try await served.send("POST", target, body: body, fields: fields, over: ServedMember.root).status == 201)
            }
            let revoked = served.member.view.tokens.state.revokedTokens
            #expect(revoked.contains("x") && revoked.contains("y"))
        }
    }

    @Test("a named token is not made twice, and the second text never leaves")
    func namedToken() async throws {
        try await ServedMember.with { served async throws in
            let body = #"{"subject":"a","scopes":["read"],"name":"n"}"#
            let fields = ["Idempotency-Key: k"]
            #expect(try await served.send("POST", "/1.0/tokens", body: body, fields: fields, over: ServedMember.root).status == 201)
            let again = try await served.send("POST", "/1.0/tokens", body: body, fields: fields, over: ServedMember.root)
            #expect(again.status == 409 && again.metadata == .null, "\(again)")
            #expect(served.member.view.tokens.state.namedTokens.count == 1)
        }
    }

    @Test("a key that is too long is refused, one at the bound is not", arguments: [(255, 201), (256, 400)])
    func length(count: Int, status: Int) async throws {
        try await ServedMember.with { served async throws in
            let key = String(repeating: "k", count: count)
            let answer = try await served.send(
                "POST", "/1.0/keys", body: #"{"algorithm":"EdDSA"}"#, fields: ["Idempotency-Key: \(key)"], over: ServedMember.root)
            #expect(answer.status == status, "\(answer)")
        }
    }
}
