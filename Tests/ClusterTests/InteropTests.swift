import FoundationEssentials
import JOSE
import Testing

extension ClusterTests {
    @Suite("Other people's tools")
    struct InteropTests {
        @Test("openssl s_client is refused below TLS 1.3 and served with it")
        func onlyTLS13() async throws {
            try await withCluster(["m1"]) { cluster in
                let address = await cluster[0].address
                for version in ["-tls1", "-tls1_1", "-tls1_2"] {
                    let arguments = ["s_client", version, "-cipher", "DEFAULT@SECLEVEL=0", "-connect", address]
                    let refused = try await Command.run("openssl", arguments, input: "")
                    #expect(refused.exitCode != 0, "\(version): \(refused.transcript)")
                    #expect(!refused.output.contains("BEGIN CERTIFICATE"), "\(version) got as far as a certificate")
                }
                let arguments = ["s_client", "-tls1_3", "-connect", address]
                let accepted = try await Command.run("openssl", arguments, input: "")
                #expect(accepted.output.contains("New, TLSv1.3"), "\(accepted.transcript)")
                // An empty list: a client sends whatever certificate it has.
                #expect(accepted.output.contains("No client certificate CA names sent"), "\(accepted.transcript)")
            }
        }

        @Test(
            "PyJWT verifies a token of one member, of any algorithm with a public key, by the JWKS of another",
            .enabled("no Python with PyJWT: see cluster/test") { await Python.hasPyJWT })
        func pyJWT() async throws {
            let algorithms = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                for algorithm in algorithms.dropFirst() {
                    let made = try await members[0].call("POST", "/1.0/keys", ["algorithm": .string(algorithm)], token: admin)
                    #expect(made.status == 201, "\(algorithm): \(made.summary)")
                }
                for algorithm in algorithms {
                    _ = try await eventually("a key for \(algorithm) is active") {
                        try await MintVerifyRevokeTests.hasActiveKey(algorithm, members[0]) ? true : nil
                    }
                    let token = try await members[0].mint("alice", by: admin, algorithm: algorithm)
                    let keys = try await members[1].call("GET", "/.well-known/jwks.json").body
                    let good = try await Python.verify(token, with: keys, algorithm: algorithm)
                    #expect(good.exitCode == 0 && good.line == "alice", "\(algorithm): \(good.transcript)")
                    #expect(try await members[1].verdict(on: token)["valid"] == true, "\(algorithm)")

                    let forged = token.dropLast(8) + "AAAAAAAA"
                    let bad = try await Python.verify(String(forged), with: keys, algorithm: algorithm)
                    #expect(bad.exitCode != 0, "PyJWT must refuse a forged token, or the check above says nothing")
                }
            }
        }

        @Test("jq reads every answer under /1.0, and curl may leave out what it need not send")
        func plainCurl() async throws {
            try await withCluster(["m1"]) { cluster in
                for path in ["/", "/1.0", "/1.0/keys", "/1.0/cluster/members", "/1.0/cluster/status", "/1.0/revocations"] {
                    let answer = try await cluster[0].callLocally("GET", path)
                    #expect(answer.status == 200, "\(path): \(answer.summary)")
                    #expect(answer.json["type"] == "sync", "\(path): \(answer.summary)")
                    for field in ["credence-member", "credence-index", "credence-age", "x-request-id"] {
                        #expect(answer.fields[field] != nil, "\(path) has no \(field): \(answer.fields)")
                    }
                }
            }
        }
    }
}

/// The Python that `cluster/test` found or made.
enum Python {
    private static let program = ProcessInfo.processInfo.environment["CREDENCE_PYTHON"] ?? "/usr/bin/python3"

    static var hasPyJWT: Bool {
        get async {
            let imported = try? await Command.run(program, ["-c", "import jwt, cryptography"])
            return imported?.exitCode == 0
        }
    }

    /// Prints the subject; ends with an error when PyJWT refuses the token.
    static func verify(_ token: String, with keys: String, algorithm: String) async throws -> Command {
        let script = """
            import json, sys, jwt
            given = json.load(sys.stdin)
            kid = jwt.get_unverified_header(given["token"])["kid"]
            keys = {key["kid"]: key for key in given["jwks"]["keys"]}
            key = jwt.PyJWK(keys[kid])
            print(jwt.decode(given["token"], key.key, algorithms=[given["algorithm"]])["sub"])
            """
        let given: JSON = ["token": .string(token), "jwks": try JSON(parsing: keys), "algorithm": .string(algorithm)]
        return try await Command.run(program, ["-c", script], input: given.encodedString)
    }

    /// Prints an administrator's token as a node makes them.
    static func nodeToken(secret hex: String, algorithm: String) async throws -> Command {
        let script = """
            import jwt, sys
            print(jwt.encode({"Allow": ["admin"]}, bytes.fromhex(sys.argv[1]), algorithm=sys.argv[2]))
            """
        return try await Command.run(program, ["-c", script, hex, algorithm])
    }
}
