import Cluster
import Crypto
import HTTP
import JOSE
import Testing

@testable import API

@Suite("Importing keys", .timeLimit(.minutes(5)))
struct KeyImportTests {
    @Test("a node's tokens are unknown before its secret is imported, good after, and unknown when it is gone")
    func life() async throws {
        let node = Node(1)
        try await ServedMember.with { served async throws in
            func reason() async throws -> JSON? {
                try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(node.adminToken)])["reason"]
            }
            #expect(try await reason() == "unknown_key")
            let made = try await served.send("POST", "/1.0/keys/import", node.importing("forest", name: "calibnet"), over: ServedMember.root)
            #expect(made.status == 201 && made.metadata["state"] == "imported" && made.metadata["origin"] == "forest", "\(made)")
            #expect(made.metadata["name"] == "calibnet")
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(node.adminToken)])
            #expect(verdict["valid"] == true && verdict["method"] == "imported" && verdict["expires_at"] == .null, "\(verdict)")
            #expect(verdict["key_id"] == made.metadata["id"])
            #expect(verdict["token_id"]?.stringValue == Base64URL.encode(SHA256.hash(Array(node.adminToken.utf8))))
            let path = "/1.0/keys/\(try #require(made.metadata["id"]?.stringValue))"
            let refused = try await served.send("DELETE", path, over: ServedMember.root)
            #expect(refused.status == 409 && refused.error.contains("calibnet") && refused.error.contains("force"), "\(refused)")
            #expect(try await reason() == nil)
            #expect(try await served.send("DELETE", path + "?force=true", over: ServedMember.root).status == 200)
            #expect(try await reason() == "unknown_key")
            #expect(try await served.send("DELETE", path + "?force=true", over: ServedMember.root).status == 404)
        }
    }

    @Test("the same secret again is the same key, whatever node it is said to be of")
    func twice() async throws {
        try await ServedMember.with { served async throws in
            let first = try await served.send("POST", "/1.0/keys/import", Node(1).importing(), over: ServedMember.root)
            let second = try await served.send("POST", "/1.0/keys/import", Node(1).importing("forest"), over: ServedMember.root)
            #expect(first.status == 201 && second.status == 200 && first.metadata == second.metadata, "\(second)")
            let other = try await served.send("POST", "/1.0/keys/import", Node(2).importing(), over: ServedMember.root)
            #expect(other.metadata["id"] != first.metadata["id"])
        }
    }

    @Test("an id is no hash that somebody could compute from a guess at the secret")
    func idIsKeyed() async throws {
        let secret = Node(1).secret
        func id(_ served: ServedMember) async throws -> String {
            try #require(try await served.operate("POST", "/1.0/keys/import", Node(1).importing())["id"]?.stringValue)
        }
        var ids: [String] = []
        for _ in 0..<2 { try await ServedMember.with { served async throws in ids.append(try await id(served)) } }
        #expect(ids[0] != ids[1], "two clusters give one secret two names")
        let guesses = [SHA256.hash(secret), try JSON(parsing: #"{"k":"\#(Base64URL.encode(secret))","kty":"oct"}"#).encoded()]
        for id in ids {
            #expect(id.utf8.count == 32 && Hex.decode(id) != nil, "it never looks like an option")
            for guess in guesses { #expect(![guess, SHA256.hash(guess)].contains { Hex.encode($0).hasPrefix(id) }) }
        }
    }

    @Test("a node's token is revoked by its text or its id, without end when it has none, and stays so")
    func revoked() async throws {
        let node = Node(1)
        try await ServedMember.with { served async throws in
            _ = try await served.operate("POST", "/1.0/keys/import", node.importing())
            #expect(try await served.send("GET", "/1.0/keys", token: node.adminToken).status == 200)
            try await served.revoke(node.adminToken)
            let list = try await served.operate("GET", "/1.0/revocations").arrayValue ?? []
            #expect(list.last?["expires_at"] == .null, "\(list)")
            #expect(try await served.send("GET", "/1.0/keys", token: node.adminToken).status == 403)
            let id = Base64URL.encode(SHA256.hash(Array(node.readToken.utf8)))
            _ = try await served.operate("POST", "/1.0/revocations", ["token_id": .string(id)])
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(node.readToken)])
            #expect(verdict["reason"] == "token_revoked")
        }
    }

    @Test("a node's token acts as the key's, in the log of changes, never as a subject it writes itself")
    func subject() async throws {
        let node = Node(1)
        let token = node.token(#"{"Allow":["admin"],"sub":"alice","iss":"https://elsewhere"}"#)
        try await ServedMember.with { served async throws in
            let key = try await served.operate("POST", "/1.0/keys/import", node.importing())
            let forward = try await served.send("GET", "/auth/verify", token: token)
            let subject = "imported:\(key["id"]?.stringValue ?? "")"
            #expect(forward.fields["x-auth-subject"] == subject && forward.fields["x-auth-method"] == "imported", "\(forward)")
            let revocation = try await served.send("POST", "/1.0/revocations", ["token_id": "x"], token: token)
            #expect(revocation.status == 201)
            #expect(try await served.operate("GET", "/1.0/revocations").arrayValue?.last?["created_by"]?.stringValue == subject)
        }
    }

    @Test("introspection and explain know a token without an end")
    func otherAnswers() async throws {
        let node = Node(1)
        try await ServedMember.with { served async throws in
            _ = try await served.operate("POST", "/1.0/keys/import", node.importing())
            let answer = try await served.send(
                "POST", "/oauth2/introspect", body: "token=\(node.readToken)", fields: ["Content-Type: application/x-www-form-urlencoded"],
                over: ServedMember.root)
            #expect(answer.json["active"] == true && answer.json["exp"] == nil && answer.json["scope"] == "read", "\(answer)")
            let explained = try await served.operate("POST", "/1.0/tokens/explain", ["token": .string(node.readToken)])
            #expect(explained["valid"] == true, "\(explained)")
        }
    }

    @Test("the seventeenth secret is refused and names the bound")
    func bound() async throws {
        try await ServedMember.with { served async throws in
            for byte in 1...16 as ClosedRange<UInt8> { _ = try await served.operate("POST", "/1.0/keys/import", Node(byte).importing()) }
            let refused = try await served.send("POST", "/1.0/keys/import", Node(17).importing(), over: ServedMember.root)
            #expect(refused.status == 409 && refused.error.contains("16"), "\(refused)")
        }
    }

    @Test("only an administrator imports, and only a whole secret, in a form that has one reading", arguments: [
        #"{"kind":"forest"}"#, #"{"kind":"Forest","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
        #"{"kind":"forest","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}"#, #"{"kind":"forest","private_key":""}"#,
        #"{"kind":"forest","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        #"{"kind":"forest","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="}"#,
        #"{"kind":"forest","private_key":[1,2,3]}"#, #"{"kind":"cluster","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
        #"{"kind":"forest","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","keystore":{}}"#,
        #"{"kind":"forest","kind":"lotus","private_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
    ])
    func refused(body: String) async throws {
        try await ServedMember.with { served async throws in
            let before = served.member.view.index
            let answer = try await served.send("POST", "/1.0/keys/import", body: body, over: ServedMember.root)
            #expect(answer.status == 400 && !answer.text.contains("AAAAAAAAAA"), "\(answer)")
            #expect(try await served.send("POST", "/1.0/keys/import", body: body).status == 403)
            #expect(served.member.view.index == before)
        }
    }

    @Test("no answer, log line or row of the state holds an imported secret")
    func secrecy() async throws {
        let node = Node(0xA7)
        let forms = [Base64.encode(node.secret), Base64URL.encode(node.secret), Hex.encode(node.secret)]
        try await ServedMember.with { served async throws in
            var seen = ""
            seen += try await served.send("POST", "/1.0/keys/import", node.importing(), over: ServedMember.root).description
            seen += try await served.send("POST", "/1.0/keys/import", node.importing("nonsense"), over: ServedMember.root).description
            for target in ["/1.0/keys", "/.well-known/jwks.json", "/1.0", "/1.0/revocations"] {
                seen += try await served.send("GET", target, over: ServedMember.root).description
            }
            let explained: JSON = ["token": .string(node.adminToken)]
            seen += try await served.send("POST", "/1.0/tokens/explain", explained, over: ServedMember.root).description
            seen += served.log.text
            for form in forms { #expect(!seen.contains(form)) }
            let keys = try await served.send("GET", "/1.0/keys", over: ServedMember.root)
            #expect(keys.text.contains("imported") && !keys.text.contains("seal") && !keys.text.contains("private"))
        }
    }
}
