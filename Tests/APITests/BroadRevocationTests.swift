import Crypto
import EventLoop
import HTTP
import JOSE
import Testing

@testable import API

@Suite("Revocations of more than one token", .timeLimit(.minutes(5)))
struct BroadRevocationTests {
    private func verdict(_ token: String, _ served: ServedMember) async throws -> String {
        let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])
        return verdict["valid"] == true ? "valid" : verdict["reason"]?.stringValue ?? ""
    }

    @Test("a subject's tokens are refused, and accepted again when the revocation is withdrawn")
    func subject() async throws {
        try await ServedMember.with { served async throws in
            let bob = try await served.mint("bob", ["admin"]), eve = try await served.mint("eve", ["read"])
            let made = try await served.operate("POST", "/1.0/revocations", ["subject": "bob", "reason": "left"])
            #expect(try await verdict(bob, served) == "subject_revoked")
            #expect(try await verdict(eve, served) == "valid")
            let refused = try await served.send("GET", "/1.0/keys", token: bob)
            #expect(refused.status == 403 && !refused.text.contains("revoked"))
            let listed = try await served.operate("GET", "/1.0/revocations").arrayValue ?? []
            #expect(listed.count == 1 && listed[0]["kind"] == "subject" && listed[0]["subject"] == "bob" && listed[0]["reason"] == "left")
            let id = try #require(made["id"]?.stringValue)
            _ = try await served.operate("DELETE", "/1.0/revocations/\(id)")
            #expect(try await verdict(bob, served) == "valid")
            #expect(try await served.send("DELETE", "/1.0/revocations/\(id)", over: ServedMember.root).status == 404)
        }
    }

    @Test("many ids in one request: each is refused, listed under its own name, and paged through")
    func many() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("bob", ["read"])
            let own = try #require(try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])["token_id"]?.stringValue)
            let ids = (0..<2_000).map { "leaked-\($0)" } + [own]
            let made = try await served.operate("POST", "/1.0/revocations", ["token_ids": .strings(ids), "reason": "leak", "wait": "everywhere"])
            #expect(made["count"] == 2001 && made["effective_everywhere"] == true)
            #expect(try await verdict(token, served) == "token_revoked")
            var seen: [String] = []
            var after = ""
            repeat {
                let page = try await served.operate("GET", "/1.0/revocations?limit=700\(after)").arrayValue ?? []
                seen += page.compactMap { $0["token_id"]?.stringValue }
                after = page.last?["id"]?.stringValue.map { "&after=\($0)" } ?? ""
            } while !after.isEmpty
            #expect(seen == ids)
            #expect(try await served.operate("POST", "/1.0/revocations", ["token_ids": .strings(ids)])["count"] == 0, "harmless to repeat")
            for wrong in [["token_ids": []], ["token_ids": ["a b"]], ["token_ids": ["a"], "token_id": "b"]] as [JSON] {
                #expect(try await served.send("POST", "/1.0/revocations", wrong, over: ServedMember.root).status == 400)
            }
        }
    }

    @Test("everything up to a time, and a key: neither comes back")
    func everythingAndKey() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("bob", ["read"])
            let everything = try await served.operate("POST", "/1.0/revocations", ["before": .integer(WallClock.nowSeconds())])
            #expect(try await verdict(token, served) == "token_revoked")
            let later = try await served.mint("bob", ["read"], ["claims": .object([:])])
            let keys = try await served.operate("GET", "/1.0/keys").arrayValue ?? []
            let kid = try #require(keys.first { $0["algorithm"] == "ES256" }?["id"]?.stringValue)
            let key = try await served.operate("POST", "/1.0/revocations", ["key_id": .string(kid)])
            #expect(try await verdict(later, served) == "key_retired")
            for made in [everything, key] {
                let answer = try await served.send("DELETE", "/1.0/revocations/\(made["id"]?.stringValue ?? "")", over: ServedMember.root)
                #expect(answer.status == 409 && answer.error.contains("only revocations of subjects and certificates"), "\(answer)")
            }
        }
    }

    @Test("a key that calls itself by 64 hexadecimal digits is revoked as a key, and a revoked certificate is not added again")
    func keyWithHexID() async throws {
        try await ServedMember.with { served async throws in
            let kid = String(repeating: "ab", count: 32)
            let pem = PEM.encode(label: "PRIVATE KEY", try PrivateKey.generate(.p256).pkcs8().withSpan { bytes in (0..<bytes.count).map { bytes[$0] } })
            _ = try await served.operate("POST", "/1.0/keys/import", ["kind": "pem", "pem": .string(pem), "kid": .string(kid), "activate_in": 0])
            _ = try await served.operate("POST", "/1.0/revocations", ["key_id": .string(kid)])
            #expect(try await served.operate("GET", "/1.0/keys/\(kid)")["state"] == "retired")
            let client = try TestClient()
            _ = try await served.operate("POST", "/1.0/revocations", ["key_id": .string(client.fingerprint)])
            let added = try await served.send("POST", "/1.0/certificates", ["type": "client", "certificate": .string(client.certificate.pem)], over: ServedMember.root)
            #expect(added.status == 409 && added.error.contains("is revoked"), "\(added)")
        }
    }

    @Test("after everything was revoked a node's tokens are made anew, and accepted")
    func everythingAndNodes() async throws {
        try await ServedMember.with { served async throws in
            func authNew() async throws -> String {
                let answer = try await served.send("POST", "/rpc/v1", ["jsonrpc": "2.0", "id": 1, "method": "Filecoin.AuthNew", "params": [["read"]]], token: served.adminToken)
                let text = try #require(answer.json["result"]?.stringValue.flatMap { Base64.decode($0) }, "\(answer)")
                return String(decoding: text, as: UTF8.self)
            }
            let old = try await authNew()
            #expect(try await verdict(old, served) == "valid")
            _ = try await served.operate("POST", "/1.0/revocations", ["before": .integer(WallClock.nowSeconds() - 100)])
            #expect(try await verdict(old, served) != "valid")
            #expect(try await verdict(authNew(), served) == "valid")
        }
    }

    @Test("a certificate, by fingerprint and by PEM: its connection, its tokens, and tokens bound to it")
    func certificate() async throws {
        try await ServedMember.with { served async throws in
            for form in ["fingerprint", "pem"] {
                let client = try TestClient()
                _ = try await served.operate("POST", "/1.0/certificates", ["type": "client", "certificate": .string(client.certificate.pem)])
                let bound = try await served.mint("bob", ["read"], ["certificate_fingerprint": .string(client.fingerprint)])
                let channel = ServedMember.Channel.tlsWith(client.certificate)
                #expect(try await served.send("GET", "/auth/verify", token: bound, over: channel).status == 200)
                let given = form == "pem" ? client.certificate.pem : client.fingerprint.uppercased()
                let made = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(given), "wait": "everywhere"])
                #expect(made["effective_everywhere"] == true)
                #expect(try await served.send("GET", "/1.0", over: channel).metadata["auth"] == "untrusted")
                #expect(try await verdict(client.token(), served) == "certificate_revoked")
                #expect(try await served.send("GET", "/auth/verify", token: bound, over: channel).status == 401)
                _ = try await served.operate("DELETE", "/1.0/revocations/\(made["id"]?.stringValue ?? "")")
                #expect(try await served.send("GET", "/1.0", over: channel).metadata["auth"] == "trusted")
            }
        }
    }

    @Test("what stops a long list says how far it came; what stops it at once is told as it is")
    func partlyDone() {
        let obstacle = Problem.unavailable("no_leader: nobody leads", retryAfterSeconds: 3)
        let told = obstacle.afterPart(1_600, of: 80_000)
        #expect(told.message.hasPrefix("no_leader: nobody leads; of the 80000 token_ids the first 1600 are revoked"))
        #expect(told.status == obstacle.status && told.retryAfterSeconds == 3)
        #expect(obstacle.afterPart(0, of: 80_000) == obstacle)
    }

    @Test("a long list is read from an administrator only, and no other call has a long body")
    func longBodies() async throws {
        try await ServedMember.with { served async throws in
            let reader = try await served.mint("reader", ["read"])
            let revoked = try await served.mint("former", ["admin"])
            try await served.revoke(revoked)
            func bytesMax(_ target: String, _ token: String?, over channel: ServedMember.Channel = .tls, method: String = "POST") async -> Int? {
                let credential = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
                let bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(credential)Content-Length: 9000000\r\n\r\n".utf8)
                var parser = RequestParser()
                var offset = 0
                _ = parser.advance(bytes.span, from: &offset)
                let (head, handler) = (parser.head, served.handler)
                return await withCheckedContinuation { continuation in
                    served.loop.execute { continuation.resume(returning: handler.bodyBytesMax(of: head, from: channel.info)) }
                }
            }
            let path = "/1.0/revocations"
            #expect(await bytesMax(path, served.adminToken) == RevocationRequest.bodyBytesMax)
            #expect(await bytesMax(path, nil, over: ServedMember.root) == RevocationRequest.bodyBytesMax)
            for token in [nil, reader, revoked, "x"] { #expect(await bytesMax(path, token) == nil) }
            for other in ["/1.0/tokens", "/1.0/nothing", "/auth/verify", path + "/1"] { #expect(await bytesMax(other, served.adminToken) == nil) }
            #expect(await bytesMax(path, served.adminToken, method: "PUT") == nil)
            // What was read, off the loop.
            let ids = (0..<4_000).map { "id-\($0)-" + String(repeating: "x", count: 20) }
            let made = try await served.operate("POST", path, ["token_ids": .strings(ids)])
            #expect(made["count"] == 4_000)
            let odd = try await served.send("POST", path, ["token_ids": .strings(ids), "x": 1], over: ServedMember.root)
            #expect(odd.status == 400 && odd.error.contains("\"x\""))
        }
    }
}
