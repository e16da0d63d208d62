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
            "Python reads a status list of one member, signed by the key set of another, and finds the revoked token in it",
            .enabled("no Python with PyJWT: see cluster/test") { await Python.hasPyJWT })
        func statusList() async throws {
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members
                var tokens: [String] = []
                for name in ["kept", "gone"] {
                    let made = try await members[0].callLocally("POST", "/1.0/tokens", ["subject": "s", "scopes": [], "name": .string(name)])
                    tokens.append(try #require(made.metadata["token"]?.stringValue, "\(made.summary)"))
                }
                let index = try #require(await members[0].revoke(tokens[1], by: cluster.adminToken))
                let list = try await members[1].call("GET", "/statuslists/0", options: ["--header", "Credence-Min-Index: \(index)"]).body
                let keys = try await members[0].call("GET", "/.well-known/jwks.json").body
                for (token, status) in zip(tokens, ["0", "1"]) {
                    let found = try await Python.status(of: token, in: list, with: keys)
                    #expect(found.exitCode == 0 && found.line == status, "\(found.transcript)")
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
