import Cluster
import Crypto
import HTTP
import HashTreeCollections
import JOSE
import Testing
import TrustStore

@testable import API

@Suite("Importing signing keys", .timeLimit(.minutes(5)))
struct SigningKeyImportTests {
    private static func pem(_ key: JWSSigningKey) -> String {
        PEM.encode(label: "PRIVATE KEY", key.secret().withSpan { span in (0..<span.count).map { span[$0] } })
    }

    /// A token of the issuer whose key it is, who calls himself as the cluster does.
    private static func token(_ key: JWSSigningKey, kid: String, issuer: String) throws -> String {
        let claims: JSON = [
            "iss": .string(issuer), "sub": "old", "exp": 9_999_999_999, "jti": "old-1", "scope": "read",
        ]
        let header: JSON = ["alg": .string(key.algorithm.rawValue), "kid": .string(kid)]
        return String(decoding: try JWSCompact.sign(header: header, payload: claims.encoded(), with: key), as: UTF8.self)
    }

    @Test("an issuer's key under its own kid verifies what it signed, and signs once it is active", arguments: [JWSAlgorithm.edDSA, .es384])
    func pem(algorithm: JWSAlgorithm) async throws {
        let key = try JWSSigningKey.generate(algorithm)
        try await ServedMember.with { served async throws in
            let body: JSON = ["kind": "pem", "pem": .string(Self.pem(key)), "kid": "2024-05", "activate_in": 0]
            let made = try await served.send("POST", "/1.0/keys/import", body, over: ServedMember.root)
            #expect(made.status == 201 && made.metadata["id"] == "2024-05" && made.metadata["algorithm"]?.stringValue == algorithm.rawValue, "\(made)")
            let issuer = try #require(served.member.view.state.cluster?.issuer)
            let verdict = try await served.operate(
                "POST", "/1.0/tokens/verify", ["token": .string(try Self.token(key, kid: "2024-05", issuer: issuer))])
            #expect(verdict["valid"] == true && verdict["method"] == "cluster", "\(verdict)")
            while served.member.view.state.signingKeys["2024-05"]?.state != .active { try await served.member.readBarrier() }
            let minted = try await served.operate(
                "POST", "/1.0/tokens", ["subject": "a", "scopes": ["read"], "algorithm": .string(algorithm.rawValue)])
            #expect(minted["key_id"] == "2024-05")
            let text = try #require(minted["token"])
            #expect(try await served.operate("POST", "/1.0/tokens/verify", ["token": text])["valid"] == true)
            let again = try await served.send("POST", "/1.0/keys/import", body, over: ServedMember.root)
            #expect(again.status == 409, "\(again)")
        }
    }

    @Test("a symmetric JWK with a kid signs; without one it is a node's secret")
    func jwk() async throws {
        let secret = [UInt8](repeating: 9, count: 32)
        let k = JSON.string(Base64URL.encode(secret))
        try await ServedMember.with { served async throws in
            let named = try await served.operate("POST", "/1.0/keys/import", ["kind": "jwk", "jwk": ["kty": "oct", "k": k, "kid": "shared"]])
            #expect(named["id"] == "shared" && named["state"] == "pending", "\(named)")
            let node = Node(9).readToken
            #expect(try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(node)])["reason"] == "unknown_key")
            let bare = try await served.operate("POST", "/1.0/keys/import", ["kind": "jwk", "jwk": ["kty": "oct", "k": k], "name": "n"])
            #expect(bare["state"] == "imported" && bare["origin"] == "jwk", "\(bare)")
            #expect(try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(node)])["method"] == "imported")
        }
    }

    @Test("what is no key, or does not fit what is said of it, is refused without a word of it", arguments: [
        #"{"kind":"jwk"}"#, #"{"kind":"jwk","jwk":{}}"#, #"{"kind":"jwk","jwk":[]}"#, #"{"kind":"jwk","jwk":{"kty":"oct","k":"c2VjcmV0"}}"#,
        #"{"kind":"jwk","jwk":{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","alg":"HS384"}}"#,
        #"{"kind":"jwk","jwk":{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},"activate_in":5}"#,
        #"{"kind":"jwk","jwk":{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","kid":"a"},"name":"n"}"#,
        #"{"kind":"jwk","jwk":{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","kid":"a b"}}"#,
        #"{"kind":"jwk","jwk":{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},"pem":"x"}"#,
        #"{"kind":"pem"}"#, #"{"kind":"pem","pem":""}"#, #"{"kind":"pem","pem":"c2VjcmV0"}"#, #"{"kind":"pem","pem":"x","name":"n"}"#,
        #"{"kind":"pem","pem":"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"}"#,
        #"{"kind":"pem","pem":"x","algorithm":"none"}"#, #"{"kind":"pem","pem":"x","kid":""}"#,
        #"{"kind":"pem","pem":"x","private_key":"c2VjcmV0"}"#,
    ])
    func refused(body: String) async throws {
        try await ServedMember.with { served async throws in
            let before = served.member.view.state.signingKeys
            let answer = try await served.send("POST", "/1.0/keys/import", body: body, over: ServedMember.root)
            #expect(answer.status == 400 && !answer.text.contains("c2VjcmV0"), "\(answer)")
            #expect(served.member.view.state.signingKeys == before && served.member.view.state.importedKeys.isEmpty)
            #expect(!served.log.text.contains("c2VjcmV0"))
        }
    }

    @Test("an RSA key must say which of its algorithms it is used with")
    func rsa() async throws {
        let key = try JWSSigningKey.generate(.rs256, rsaBits: 2_048)
        try await ServedMember.with { served async throws in
            let bare = try await served.send("POST", "/1.0/keys/import", ["kind": "pem", "pem": .string(Self.pem(key))], over: ServedMember.root)
            #expect(bare.status == 400 && bare.error.contains("alg"), "\(bare)")
            let wrong: JSON = ["kind": "pem", "pem": .string(Self.pem(key)), "algorithm": "ES256"]
            #expect(try await served.send("POST", "/1.0/keys/import", wrong, over: ServedMember.root).status == 400)
            let said = try await served.operate("POST", "/1.0/keys/import", ["kind": "pem", "pem": .string(Self.pem(key)), "algorithm": "PS256"])
            #expect(said["algorithm"] == "PS256")
        }
    }

    @Test("one key shows its public half, and never more; a secret has none to show")
    func export() async throws {
        let key = try JWSSigningKey.generate(.edDSA)
        try await ServedMember.with { served async throws in
            _ = try await served.operate("POST", "/1.0/keys/import", ["kind": "pem", "pem": .string(Self.pem(key)), "kid": "e"])
            let shown = try await served.send("GET", "/1.0/keys/e", over: ServedMember.root)
            let spki = try #require(key.verificationKey.publicKey?.spki)
            #expect(shown.metadata["pem"]?.stringValue == PEM.encode(label: "PUBLIC KEY", spki))
            #expect(shown.metadata["jwk"]?["kid"] == "e" && shown.metadata["jwk"]?["d"] == nil && !shown.text.contains("PRIVATE"))
            let node = try await served.operate("POST", "/1.0/keys/import", Node(1).importing())
            let secret = try await served.operate("GET", "/1.0/keys/\(node["id"]?.stringValue ?? "")")
            #expect(secret["jwk"] == nil && secret["pem"] == nil && secret == node)
            #expect(try await served.send("GET", "/1.0/keys/none", over: ServedMember.root).status == 404)
            #expect(try await served.send("GET", "/1.0/keys/e").status == 403)
        }
    }
}
