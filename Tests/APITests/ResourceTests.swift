import Cluster
import EventLoop
import HashTreeCollections
import JOSE
import Testing
import Tokens
import TrustStore

@testable import API

@Suite("Resources", .timeLimit(.minutes(5)))
struct ResourceTests {
    @Test("GET / and GET /1.0 as a client of Incus expects them")
    func server() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.send("GET", "/").metadata == ["/1.0"])
            let stranger = try await served.send("GET", "/1.0").metadata
            #expect(stranger["auth"] == "untrusted" && stranger["public"] == false && stranger["auth_methods"] == ["tls"])
            #expect(stranger["environment"] == nil && stranger["config"] == .object([:]))
            let refused = try await served.send("GET", "/1.0", token: "nonsense").metadata
            #expect(refused["auth"] == "untrusted", "a refused token is no credential")
            let known = try await served.send("GET", "/1.0", token: served.adminToken)
            #expect(known.metadata["auth"] == "trusted" && known.metadata["auth_user_name"] == "admin")
            let environment = try #require(known.metadata["environment"])
            #expect(environment["server_clustered"] == true && environment["server_name"] == "n1")
            #expect(environment["certificate_fingerprint"]?.stringValue == served.member.serverTLS.fingerprint)
            #expect(environment["certificate"]?.stringValue?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
            #expect(known.fields["etag"] != nil)
        }
    }

    @Test("minting: 201, where it is, and a token that verifies")
    func mint() async throws {
        try await ServedMember.with { served async throws in
            let body: JSON = [
                "subject": "a", "scopes": ["read"], "audience": "x", "expires_in": 60, "algorithm": "ES256", "claims": ["k": "v"],
                "name": "n",
            ]
            let answer = try await served.send("POST", "/1.0/tokens", body, token: served.adminToken)
            let id = try #require(answer.metadata["id"]?.stringValue)
            #expect(answer.status == 201 && answer.fields["location"] == "/1.0/tokens/\(id)" && answer.json["status_code"] == 200)
            #expect(
                answer.metadata["key_id"]?.stringValue != nil && answer.metadata["expires_at"]?.stringValue?.hasSuffix("Z") == true)
            let listed = try await served.operate("GET", "/1.0/tokens")
            #expect(listed.arrayValue?.count == 1 && listed.arrayValue?.first?["created_by"] == "admin")
            #expect(try await served.operate("GET", "/1.0/tokens/\(id)")["name"] == "n")
            #expect(!listed.encodedString.contains(try #require(answer.metadata["token"]?.stringValue)))
            _ = try await served.operate("DELETE", "/1.0/tokens/\(id)")
            #expect(try await served.operate("GET", "/1.0/tokens") == .array([]))
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": answer.metadata["token"] ?? .null])
            #expect(verdict["reason"] == "token_revoked")
            #expect(try await served.send("DELETE", "/1.0/tokens/\(id)", over: ServedMember.root).status == 404)
        }
    }

    @Test("settings: read, changed by name, whole or not at all; unknown names and values are refused by name")
    func settings() async throws {
        try await ServedMember.with { served async throws in
            let path = "/1.0/cluster/settings"
            #expect(try await served.operate("GET", path)["max_staleness_milliseconds"] == 5_000)
            let changed = try await served.send("PATCH", path, ["voters_max": 5, "staleness_policy": "serve"], token: served.adminToken)
            #expect(changed.status == 200 && changed.metadata["voters_max"] == 5 && changed.metadata["staleness_policy"] == "serve")
            for (body, named) in [
                (["max_staleness": 1], "max_staleness"), (["staleness_policy": "maybe"], "staleness_policy"),
                (["voters_max": 3, "max_staleness_milliseconds": 1], "max_staleness_milliseconds"), ([:], "settings"),
                (["voters_max": "3"], "voters_max"),
            ] as [(JSON, String)] {
                let refused = try await served.send("PATCH", path, body, token: served.adminToken)
                #expect(refused.status == 400 && refused.json["error"]?.stringValue?.contains(named) == true, "\(refused.json)")
            }
            #expect(try await served.operate("GET", path)["voters_max"] == 5)
            let reader = try await served.mint("r", ["read"])
            #expect(try await served.send("GET", path, token: reader).status == 200)
            #expect(try await served.send("PATCH", path, ["voters_max": 3], token: reader).status == 403)
            #expect(try await served.send("PATCH", path, ["voters_max": 3]).status == 403)
        }
    }

    @Test("minting writes nothing to the log unless the token gets a name")
    func mintWithoutLog() async throws {
        try await ServedMember.with { served async throws in
            let before = served.member.view.index
            _ = try await served.mint("a", ["read"])
            #expect(served.member.view.index == before)
        }
    }

    @Test(
        "what cannot be minted is refused by name",
        arguments: [
            (#"{"subject":"","scopes":[]}"#, "subject"), (#"{"subject":"a","scopes":["a b"]}"#, "scopes"),
            (#"{"subject":"a","scopes":["read","read"]}"#, "scopes"),
            (#"{"subject":"a","scopes":[],"expires_in":0}"#, "expires_in"),
            (#"{"subject":"a","scopes":[],"expires_in":99999999999}"#, "expires_in"),
            (#"{"subject":"a","scopes":[],"algorithm":"none"}"#, "algorithm"),
            (#"{"subject":"a","scopes":[],"claims":{"sub":"b"}}"#, "claims.sub"), (#"{"subject":"a\r\nb","scopes":[]}"#, "subject"),
            (#"{"subject":"a","scopes":[],"certificate_fingerprint":"zz"}"#, "certificate_fingerprint"),
        ])
    func mintRefusals(body: String, field: String) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("POST", "/1.0/tokens", body: body, over: ServedMember.root)
            #expect(answer.status == 400 && answer.error.contains(field), "\(answer)")
        }
    }

    @Test("revoking by token and by id, listed with who and why, and the same again is the first one")
    func revocations() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let body: JSON = ["token": .string(token), "reason": "leaked", "wait": "committed"]
            let first = try await served.send("POST", "/1.0/revocations", body, token: served.adminToken)
            #expect(first.status == 201 && first.metadata["effective_everywhere"] == true, "\(first)")
            let again = try await served.operate("POST", "/1.0/revocations", body)
            #expect(again["id"] == first.metadata["id"] && again["index"] == first.metadata["index"])
            _ = try await served.operate("POST", "/1.0/revocations", ["token_id": "some-id"])
            let list = try await served.operate("GET", "/1.0/revocations").arrayValue ?? []
            #expect(
                list.count == 2 && list[0]["reason"] == "leaked" && list[0]["created_by"] == "admin"
                    && list[1]["token_id"] == "some-id")
            #expect(list[1]["created_by"] == "uid:0")
        }
    }

    @Test("lists come in pages")
    func pages() async throws {
        try await ServedMember.with { served async throws in
            for id in ["a", "b", "c"] { _ = try await served.operate("POST", "/1.0/revocations", ["token_id": .string(id)]) }
            let first = try await served.operate("GET", "/1.0/revocations?limit=2").arrayValue ?? []
            #expect(first.count == 2)
            let after = try #require(first.last?["id"]?.stringValue)
            let second = try await served.operate("GET", "/1.0/revocations?limit=2&after=\(after)").arrayValue ?? []
            #expect(second.map { $0["token_id"]?.stringValue } == ["c"])
            for limit in ["0", "5001", "x", "-1"] {
                #expect(try await served.send("GET", "/1.0/revocations?limit=\(limit)", over: ServedMember.root).status == 400)
            }
            #expect(try await served.send("GET", "/1.0/revocations?limit=5000", over: ServedMember.root).status == 200)
        }
    }

    @Test(
        "what cannot be revoked by, and what is no token of ours, is refused by name",
        arguments: [
            (#"{}"#, "token"), (#"{"token":"x","token_id":"y"}"#, "token"), (#"{"subject":"a","key_id":"b"}"#, "token"), (#"{"before":1,"key_id":"b"}"#, "before"),
            (#"{"before":"x"}"#, "before"), (#"{"subject":"","before":1}"#, "subject"), (#"{"certificate":"a"}"#, "certificate"),
            (#"{"token_id":"a","wait":"sometime"}"#, "wait"),
            (#"{"token":"nonsense"}"#, "token"), (#"{"token_id":"a b"}"#, "token_id"),
        ])
    func revocationRefusals(body: String, field: String) async throws {
        try await ServedMember.with { served async throws in
            let before = served.member.view.tokens.state.revokedTokens.count
            let answer = try await served.send("POST", "/1.0/revocations", body: body, over: ServedMember.root)
            #expect(answer.status == 400 && answer.error.contains(field), "\(answer)")
            #expect(served.member.view.tokens.state.revokedTokens.count == before)
        }
    }

    @Test("a forged token revokes nothing: its id is anybody's writing")
    func forgedRevocation() async throws {
        try await ServedMember.with { served async throws in
            let parts = try await served.mint("a", ["read"]).split(separator: ".")
            let other = try await served.mint("b", ["read"]).split(separator: ".")
            let body: JSON = ["token": .string("\(parts[0]).\(parts[1]).\(other[2])")]
            #expect(try await served.send("POST", "/1.0/revocations", body, over: ServedMember.root).status == 400)
            #expect(served.member.view.tokens.state.revokedTokens.isEmpty)
        }
    }

    @Test("keys: listed without private parts, made pending, retired")
    func keys() async throws {
        try await ServedMember.with { served async throws in
            let made = try await served.send(
                "POST", "/1.0/keys", ["algorithm": "EdDSA", "activate_in": 100_000], over: ServedMember.root)
            #expect(made.status == 201 && made.metadata["state"] == "pending" && made.metadata["algorithm"] == "EdDSA", "\(made)")
            let id = try #require(made.metadata["id"]?.stringValue)
            let listed = try await served.operate("GET", "/1.0/keys")
            #expect(listed.arrayValue?.count == 2)
            let names: Set = [
                "id", "algorithm", "state", "public_key", "created_at", "activate_after", "activated_at", "retiring_at", "retire_after",
                "retired_at",
            ]
            for key in listed.arrayValue ?? [] {
                #expect(Set(key.objectValue?.names ?? []) == names)
                #expect(key["public_key"]?.stringValue?.hasPrefix("-----BEGIN PUBLIC KEY-----\n") == true, "\(key)")
            }
            #expect(try await served.operate("POST", "/1.0/keys/\(id)/retire", ["retire_in": 0])["state"] == "retired")
            #expect(try await served.send("POST", "/1.0/keys/nobody/retire", .object([:]), over: ServedMember.root).status == 404)
            #expect(try await served.send("POST", "/1.0/keys", ["algorithm": "RS1"], over: ServedMember.root).status == 400)
        }
    }

    @Test("a key of every kind that is made here signs, is published unless it is symmetric, and verifies", arguments: ["ES512", "PS384", "HS512"])
    func algorithms(name: String) async throws {
        try await ServedMember.with { served async throws in
            let made = try await served.send("POST", "/1.0/keys", ["algorithm": .string(name)], over: ServedMember.root)
            #expect(made.status == 201, "\(made)")
            let id = made.metadata["id"] ?? .null
            let request: JSON = ["subject": "a", "scopes": ["read"], "algorithm": .string(name)]
            var minted = JSON.null
            for _ in 0..<10_000 {
                // The leader activates it as soon as every member has it.
                minted = try await served.send("POST", "/1.0/tokens", request, over: ServedMember.root).metadata
                if minted["token"] != nil { break }
                try await served.member.readBarrier()
            }
            #expect(minted["key_id"] == id, "\(minted)")
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": minted["token"] ?? .null])
            #expect(verdict["valid"] == true, "\(verdict)")
            let published = try await served.send("GET", "/.well-known/jwks.json").json["keys"]?.arrayValue ?? []
            #expect(published.contains { $0["kid"] == id && $0["alg"] == .string(name) } == !name.hasPrefix("HS"))
            for key in published { #expect(key["d"] == nil && key["k"] == nil && key["p"] == nil) }
        }
    }

    @Test("a key that still counts is destroyed only by force, which says first what stops working")
    func destroyedKey() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let id = try await served.operate("GET", "/1.0/keys").arrayValue?.first?["id"]?.stringValue ?? ""
            let refused = try await served.send("DELETE", "/1.0/keys/\(id)", over: ServedMember.root)
            #expect(refused.status == 409 && refused.error.contains("refused at once") && refused.error.contains("nothing would be signed with ES256"))
            #expect(try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])["valid"] == true)
            #expect(try await served.send("DELETE", "/1.0/keys/\(id)?force=true", over: ServedMember.root).status == 200)
            #expect(try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])["reason"] == "unknown_key")
            #expect(try await served.send("DELETE", "/1.0/keys/\(id)?force=true", over: ServedMember.root).status == 404)
        }
    }

    @Test("a key that replaces another is announced before it signs; the first of its algorithm is not")
    func announced() async throws {
        try await ServedMember.with { served async throws in
            let replacement = try await served.send("POST", "/1.0/keys", ["algorithm": "ES256"], over: ServedMember.root).metadata
            #expect(replacement["activate_after"]?.stringValue != nil && replacement["state"] == "pending")
            let first = try await served.send("POST", "/1.0/keys", ["algorithm": "EdDSA"], over: ServedMember.root).metadata
            #expect(first["activate_after"] == JSON.null)
            let atOnce = try await served.send("POST", "/1.0/keys", ["algorithm": "ES256", "activate_in": 0], over: ServedMember.root).metadata
            #expect(atOnce["activate_after"] == atOnce["created_at"])
            // Copies of the set last half as long as the announcement.
            let published = try await served.send("GET", "/.well-known/jwks.json")
            #expect(published.fields["cache-control"] == "public, max-age=60")
            #expect(published.json["keys"]?.arrayValue?.count == 4)
        }
    }

    @Test("a retired key's tokens are refused with key_retired")
    func retiredKey() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let key = try await served.operate("GET", "/1.0/keys").arrayValue?.first?["id"]?.stringValue ?? ""
            _ = try await served.operate("POST", "/1.0/keys/\(key)/retire", ["retire_in": 0])
            #expect(try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])["reason"] == "key_retired")
            #expect(
                try await served.send("POST", "/1.0/tokens", ["subject": "a", "scopes": []], over: ServedMember.root).status == 409)
            #expect(try await served.send("GET", "/.well-known/jwks.json").json["keys"] == .array([]))
        }
    }

    @Test("the key set is made once for what it says: it changes with the log, and when a key's time is over also without it")
    func keySetCache() async throws {
        try await ServedMember.with { served async throws in
            let cache = KeySetCache()
            let key = try await served.operate("GET", "/1.0/keys").arrayValue?.first?["id"]?.stringValue ?? ""
            let before = served.member.view
            let now = WallClock.nowSeconds()
            let first = cache.keySet(of: before.state, at: before.index, now: now)
            #expect(String(decoding: first.body, as: UTF8.self).contains(key))

            _ = try await served.operate("POST", "/1.0/keys/\(key)/retire", ["retire_in": 100])
            let view = served.member.view
            let end = try #require(view.state.signingKeys[key]?.retireAfter)
            for (now, isThere) in [(end - 1, true), (end, false), (end + 1, false), (end - 1, true)] {
                let keySet = cache.keySet(of: view.state, at: view.index, now: now)
                #expect(String(decoding: keySet.body, as: UTF8.self).contains(key) == isThere, "\(now - end)")
                #expect((keySet.tag == first.tag) == isThere)
            }
            _ = try await served.operate("POST", "/1.0/keys", ["algorithm": "EdDSA"])
            let after = served.member.view
            #expect(cache.keySet(of: after.state, at: after.index, now: now).tag != first.tag)
        }
    }

    @Test("the key set is public, cacheable, and has nothing private in it")
    func keySet() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.operate("POST", "/1.0/keys", ["algorithm": "HS256"])
            let answer = try await served.send("GET", "/.well-known/jwks.json")
            let keys = answer.json["keys"]?.arrayValue ?? []
            #expect(answer.status == 200 && keys.count == 1, "an HMAC key is never published: \(answer)")
            #expect(keys.allSatisfy { $0["d"] == nil && $0["k"] == nil && $0["kid"] != nil && $0["use"] == "sig" })
            #expect(answer.fields["cache-control"] == "public, max-age=60")
            let tag = try #require(answer.fields["etag"])
            for condition in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                let again = try await served.send("GET", "/.well-known/jwks.json", fields: ["If-None-Match: \(condition)"])
                #expect(again.status == 304 && again.body.isEmpty && again.fields["etag"] == tag, "\(again)")
            }
            #expect(try await served.send("GET", "/.well-known/jwks.json", fields: ["If-None-Match: \"x\""]).status == 200)
        }
    }

    @Test("health and readiness")
    func health() async throws {
        try await ServedMember.with { served async throws in
            for channel in [ServedMember.Channel.tls, .clear, .unix(userID: 7)] {
                #expect(try await served.send("GET", "/healthz", over: channel).status == 200)
                #expect(try await served.send("GET", "/readyz", over: channel).status == 200)
            }
        }
    }
}
