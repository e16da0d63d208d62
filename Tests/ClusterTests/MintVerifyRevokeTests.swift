import JOSE
import Testing

extension ClusterTests {
    @Suite("A token's life")
    struct MintVerifyRevokeTests {
        @Test("what one member mints all accept, and what one revokes all refuse with token_revoked")
        func sameVerdictEverywhere() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let token = try await members[0].mint("alice", by: admin)
                for member in members {
                    let verdict = try await member.verdict(on: token, by: admin)
                    #expect(verdict["valid"] == true, "\(member.name): \(verdict)")
                    #expect(verdict["subject"] == "alice")
                    #expect(verdict["scopes"] == ["read"])
                }

                let index = try #require(try await members[1].revoke(token, by: admin))
                for member in members {
                    let verdict = try await member.verdict(on: token, from: index, by: admin)
                    #expect(verdict["valid"] == false)
                    #expect(verdict["reason"] == "token_revoked", "\(member.name): \(verdict)")
                }
            }
        }

        @Test("a stranger learns that a token is no good, and not why, unless the token's own text says so")
        func strangersLearnLittle() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let token = try await member.mint("alice", by: admin)
                try #require(try await member.revoke(token, by: admin) != nil)
                for (text, reason) in [(token, "invalid_token"), ("nonsense", "malformed")] {
                    let answer = try await member.call("POST", "/1.0/tokens/verify", ["token": .string(text)])
                    #expect(answer.status == 200 && answer.metadata["valid"] == false, "\(answer.summary)")
                    #expect(answer.metadata["reason"]?.stringValue == reason, "\(answer.summary)")
                    #expect(answer.metadata["claims"] == nil)
                }
            }
        }

        @Test("a proxy's question to any member is answered by the token in Authorization", arguments: ["ES256", "EdDSA"])
        func forwardAuth(algorithm: String) async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                if algorithm != "ES256" {
                    let made = try await members[0].call("POST", "/1.0/keys", ["algorithm": .string(algorithm)], token: admin)
                    try #require([200, 201, 202].contains(made.status), "\(made.summary)")
                    _ = try await eventually("a key for \(algorithm) is active") {
                        try await Self.hasActiveKey(algorithm, members[0]) ? true : nil
                    }
                }
                let token = try await members[0].mint("alice", scopes: ["read", "reports"], by: admin, algorithm: algorithm)
                for member in members {
                    let yes = try await member.call("GET", "/auth/verify?scope=reports", token: token)
                    #expect(yes.status == 200, "\(yes.summary)")
                    #expect(yes.fields["x-auth-subject"] == "alice")
                    #expect(yes.fields["x-auth-method"] == "cluster")
                    #expect(try await member.call("GET", "/auth/verify?scope=admin", token: token).status == 403)
                    #expect(try await member.call("GET", "/auth/verify").status == 401)
                }
            }
        }

        @Test("a change that is sent again with its Idempotency-Key, to another member, happens once")
        func onceByKey() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let options = ["--header", "Idempotency-Key: 7f3c"]
                var answers: [Answer] = []
                for member in members {
                    answers.append(try await member.call("POST", "/1.0/keys", ["algorithm": "EdDSA"], token: admin, options: options))
                }
                #expect(answers.allSatisfy { $0.status == 201 }, "\(answers.map(\.summary))")
                let keys = try await members[0].callLocally("GET", "/1.0/keys").metadata.arrayValue ?? []
                #expect(keys.count { $0["algorithm"] == "EdDSA" } == 1, "\(keys)")
                let other = try await members[1].call("POST", "/1.0/keys", ["algorithm": "ES256"], token: admin, options: options)
                #expect(other.metadata["algorithm"] == "ES256", "another change is not taken for the first: \(other.summary)")
            }
        }

        @Test("all members present one certificate, so one pin fits all and a wrong pin fits none")
        func onePinForAll() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let server = try await members[0].callLocally("GET", "/1.0").metadata
                let pem = try #require(server["environment"]?["certificate"]?.stringValue)
                let pin = try await Self.pin(ofCertificate: pem)
                for member in members {
                    let pinned = try await member.call("GET", "/healthz", options: ["--pinnedpubkey", pin])
                    #expect(pinned.status == 200)
                    let wrong = "sha256//" + String(repeating: "A", count: 43) + "="
                    #expect(try await member.call("GET", "/healthz", options: ["--pinnedpubkey", wrong]).status == 0)
                }
            }
        }

        static func hasActiveKey(_ algorithm: String, _ member: Member) async throws -> Bool {
            let keys = try await member.callLocally("GET", "/1.0/keys").metadata
            return (keys.arrayValue ?? []).contains {
                $0["algorithm"]?.stringValue == algorithm && $0["state"]?.stringValue == "active"
            }
        }

        static func pin(ofCertificate pem: String) async throws -> String {
            let script = """
                openssl x509 -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
                """
            return try await "sha256//" + Command.run("sh", ["-c", script], input: pem).line
        }
    }
}
