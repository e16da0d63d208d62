import JOSE
import Testing

extension ClusterTests {
    /// Tokens of one member, by the key set of another, in every library that Debian (and, for joserfc, PyPI) has.
    @Suite("Other people's libraries verify our tokens, and no forged ones")
    struct ForeignVerifierTests {
        @Test("PyJWT", .enabled("no PyJWT: see cluster/test") { await ForeignLibrary.pyJWT.isThere })
        func pyJWT() async throws { try await expectVerifies(.pyJWT) }

        @Test("joserfc", .enabled("no joserfc: see cluster/test") { await ForeignLibrary.joserfc.isThere })
        func joserfc() async throws { try await expectVerifies(.joserfc) }

        @Test("jwcrypto", .enabled("no jwcrypto: see cluster/test") { await ForeignLibrary.jwcrypto.isThere })
        func jwcrypto() async throws { try await expectVerifies(.jwcrypto) }

        @Test("Authlib", .enabled("no Authlib: see cluster/test") { await ForeignLibrary.authlib.isThere })
        func authlib() async throws { try await expectVerifies(.authlib) }

        @Test("python-jose", .enabled("no python-jose: see cluster/test") { await ForeignLibrary.pythonJOSE.isThere })
        func pythonJOSE() async throws { try await expectVerifies(.pythonJOSE) }

        @Test("golang-jwt", .enabled("no golang-jwt: see cluster/test") { await ForeignLibrary.golangJWT.isThere })
        func golangJWT() async throws { try await expectVerifies(.golangJWT) }

        @Test("jose for Node", .enabled("no jose for Node: see cluster/test") { await ForeignLibrary.nodeJOSE.isThere })
        func nodeJOSE() async throws { try await expectVerifies(.nodeJOSE) }

        @Test("ruby-jwt", .enabled("no ruby-jwt: see cluster/test") { await ForeignLibrary.rubyJWT.isThere })
        func rubyJWT() async throws { try await expectVerifies(.rubyJWT) }

        @Test("Crypt::JWT", .enabled("no Crypt::JWT: see cluster/test") { await ForeignLibrary.cryptJWT.isThere })
        func cryptJWT() async throws { try await expectVerifies(.cryptJWT) }

        @Test("the jose command", .enabled("no jose command: see cluster/test") { await ForeignLibrary.joseCommand.isThere })
        func joseCommand() async throws { try await expectVerifies(.joseCommand) }

        @Test("openssl alone", .enabled("no openssl") { await ForeignLibrary.openssl.isThere })
        func openssl() async throws { try await expectVerifies(.openssl) }

        private func expectVerifies(_ library: ForeignLibrary) async throws {
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                for algorithm in library.algorithms where algorithm != "ES256" {
                    let made = try await members[0].call("POST", "/1.0/keys", ["algorithm": .string(algorithm)], token: admin)
                    #expect(made.status == 201, "\(algorithm): \(made.summary)")
                }
                for algorithm in library.algorithms {
                    _ = try await eventually("a key for \(algorithm) is active") {
                        try await MintVerifyRevokeTests.hasActiveKey(algorithm, members[0]) ? true : nil
                    }
                    let token = try await members[0].mint("alice", by: admin, algorithm: algorithm)
                    let keys = try await members[1].call("GET", "/.well-known/jwks.json").body
                    let good = try await library.verify(token, with: keys, algorithm: algorithm)
                    #expect(good.exitCode == 0 && good.line == "alice", "\(algorithm): \(good.transcript)")
                    #expect(try await members[1].verdict(on: token)["valid"] == true, "\(algorithm)")
                    for (what, forged) in try await forgeries(of: token, by: admin, on: members[0], algorithm: algorithm) {
                        let bad = try await library.verify(forged, with: keys, algorithm: algorithm)
                        #expect(bad.exitCode != 0 && bad.exitCode != 124, "\(algorithm), \(what): \(bad.transcript)")
                        #expect(try await members[1].verdict(on: forged)["valid"] == false, "\(algorithm), \(what)")
                    }
                }
            }
        }

        /// Were one of these taken, it would say nothing that the library takes the good one.
        private func forgeries(
            of token: String, by admin: String, on member: Member, algorithm: String
        ) async throws -> [(what: String, token: String)] {
            let parts = token.split(separator: ".")
            let other = try await member.mint("mallory", scopes: ["admin"], by: admin, algorithm: algorithm).split(separator: ".")
            return [
                ("another's claims", "\(parts[0]).\(other[1]).\(parts[2])"),
                ("another's signature", "\(parts[0]).\(parts[1]).\(other[2])"),
            ]
        }
    }
}
