import FoundationEssentials
import JOSE
import Testing

extension ClusterTests {
    /// As users of Incus go about it, with what they have: `openssl`, a shell, PyJWT and curl.
    @Suite("Client certificates")
    struct ClientCertificateTests {
        @Test("trusted on one member: TLS and tokens of openssl alone are accepted on all; removed on another: refused on all")
        func everywhere() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, client = try await OpenSSLClient(in: cluster.directory)
                #expect(try await members[0].operate("trust", "add-certificate", client.certificateFile, "--name", "laptop").exitCode == 0)
                for member in members {
                    _ = try await eventually("\(member.name) trusts the certificate") {
                        let server = try await member.call("GET", "/1.0", options: client.curlOptions).metadata
                        return server["auth"] == "trusted" && server["auth_user_name"] == .string(client.fingerprint) ? true : nil
                    }
                    let verdict = try await member.verdict(on: client.token())
                    #expect(verdict["valid"] == true && verdict["method"] == "certificate", "\(member.name): \(verdict.encodedString)")
                    #expect(try await member.call("GET", "/1.0/cluster", token: client.token()).status == 200)
                    #expect(try await member.call("GET", "/1.0/cluster?access_token=\(client.token())").status == 200)
                }
                let token = try await client.token()
                #expect(try await members[2].operate("trust", "remove", String(client.fingerprint.prefix(12))).exitCode == 0)
                for member in members {
                    _ = try await eventually("\(member.name) trusts it no more") {
                        let verdict = try await member.verdict(on: token)
                        guard verdict["valid"] == false else { return nil as Bool? }
                        #expect(verdict["reason"] == "unknown_certificate")
                        return true
                    }
                    #expect(try await member.call("GET", "/1.0", options: client.curlOptions).metadata["auth"] == "untrusted")
                    #expect(try await member.call("GET", "/1.0/certificates", options: client.curlOptions).status == 403)
                }
            }
        }

        @Test("an open connection of a client ends on every member when its certificate is removed or revoked on one")
        func openConnections() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                for (number, command) in [["trust", "remove"], ["revoke", "certificate"]].enumerated() {
                    let client = try await OpenSSLClient(in: cluster.directory, name: "open\(number)")
                    #expect(try await members[0].operate("trust", "add-certificate", client.certificateFile).exitCode == 0)
                    try await withThrowingTaskGroup(of: (String, Int32?).self) { group in
                        for member in members {
                            let output = "\(cluster.directory)/connection-\(number)-\(member.name)"
                            group.addTask { (member.name, try await client.keepOpen(to: member, output: output).exitCode) }
                            _ = try await eventually("\(member.name) answers the client") {
                                Files.text(output).contains(#""auth":"trusted""#) ? true : nil
                            }
                        }
                        #expect(try await members[2].operate(command + [client.fingerprint]).exitCode == 0)
                        // 124 is `timeout`, ending a program whose connection nobody ended.
                        for try await (name, code) in group { #expect(code == 0, "the connection to \(name) stayed open") }
                    }
                }
            }
        }

        @Test("a user of the Incus forum: claims in another order are accepted; the PEM's hash as sub is refused, and explain says exactly that")
        func forumPost() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], client = try await OpenSSLClient(in: cluster.directory)
                _ = try await member.operate("trust", "add-certificate", client.certificateFile)
                let now = Int64(Date().timeIntervalSince1970)
                for claims in [
                    #"{"exp":\#(now + 60),"nbf":\#(now - 1),"iat":\#(now),"sub":"\#(client.fingerprint)"}"#,
                    #"{ "role" : "deploy", "sub":"\#(client.fingerprint)" , "iat" : \#(now).0 }"#,
                ] {
                    #expect(try await member.verdict(on: client.token(claims: claims))["valid"] == true, "\(claims)")
                }
                let pemHash = try await Command.run("sh", ["-c", "sha256sum < \(client.certificateFile) | cut -d' ' -f1"]).line
                let wrong = try await client.token(claims: #"{"sub":"\#(pemHash)","exp":\#(now + 60)}"#)
                #expect(try await member.verdict(on: wrong)["reason"] == "unknown_certificate")
                let explained = try await member.operate("token", "explain", wrong)
                #expect(explained.exitCode == 4)
                let words = "sub is the SHA-256 of the PEM text of the certificate, not of the certificate's DER: write \(client.fingerprint)"
                #expect(explained.output.contains(words), "\(explained.transcript)")
            }
        }

        @Test("the mistakes that users make with openssl and a shell are each named")
        func mistakes() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], client = try await OpenSSLClient(in: cluster.directory)
                _ = try await member.operate("trust", "add-certificate", client.certificateFile, "--name", "laptop")
                let now = Int64(Date().timeIntervalSince1970)
                func claims(_ subject: String, exp: Int64? = nil) -> String { #"{"sub":"\#(subject)","exp":\#(exp ?? now + 60)}"# }
                let colons = try await Command.run("sh", ["-c", "openssl x509 -noout -fingerprint -sha256 -in \(client.certificateFile)"]).line
                let keyHash = try await Command.run(
                    "sh", ["-c", "openssl x509 -noout -pubkey -in \(client.certificateFile) | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1"]).line
                let signed = claims(client.fingerprint)
                let metrics = try await OpenSSLClient(in: cluster.directory, name: "metrics")
                _ = try await member.operate("trust", "add-certificate", metrics.certificateFile, "--type", "metrics")
                let rsaKey = try await Command.run("openssl", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]).output
                let rsa = try await OpenSSLClient(in: cluster.directory, name: "rsa", privateKey: rsaKey)
                _ = try await member.operate("trust", "add-certificate", rsa.certificateFile)
                let standardBase64 = #"{"x":"???????","sub":"\#(client.fingerprint)"}"#
                let early = #"{"sub":"\#(client.fingerprint)","nbf":\#(now + 600),"exp":\#(now + 900)}"#
                let mistakes: [(token: String, reason: String, words: String)] = [
                    (try await client.token(claims: claims(colons)), "unknown_certificate", "colons"),
                    (try await client.token(claims: claims(client.fingerprint.uppercased())), "unknown_certificate", "upper-case"),
                    (try await client.token(claims: claims(keyHash)), "unknown_certificate", "the public key"),
                    (try await client.token(claims: signed, signatureForm: .der), "bad_signature", "DER signature"),
                    (try await client.token(claims: signed, signatureForm: .overLine), "bad_signature", "printf"),
                    (try await client.token(claims: claims(client.fingerprint, exp: now * 1000)), "", "milliseconds"),
                    (try await client.token(claims: signed, encoder: "base64 -w0"), "malformed", "padding"),
                    (try await client.token(claims: signed, algorithm: "RS256"), "algorithm_mismatch", "set alg to ES384"),
                    (try await client.token(claims: claims(client.fingerprint, exp: now - 5)), "expired", "s ago"),
                    (try await metrics.token(), "unknown_certificate", "of type metrics"),
                    (try await client.token(claims: standardBase64, encoder: "base64 -w0 | tr -d '='"), "malformed", "standard base64"),
                    (try await client.token(claims: early), "not_yet_valid", "ahead of this member's"),
                    (try await rsa.tokenWithPSS(header: "RS256"), "bad_signature", "is one of PS256"),
                ]
                for (token, reason, words) in mistakes {
                    let explained = try await member.operate("token", "explain", token, "--format", "json")
                    let explanation = try JSON(parsing: explained.output)
                    #expect(explanation["reason"]?.stringValue ?? "" == reason, "\(words): \(explained.transcript)")
                    #expect(explained.output.contains(words), "\(words): \(explained.transcript)")
                }
            }
        }

        @Test("a token of a retired key and a revoked one are told since when, by which entry and by whom")
        func retiredAndRevoked() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let token = try await member.operate("token", "create", "--subject", "a", "--scope", "read").line
                let answer = try JSON(parsing: await member.operate("token", "revoke", token, "--reason", "laptop lost", "--format", "json").output)
                let index = try #require(answer["index"]?.integerValue)
                let revoked = try await member.operate("token", "explain", token).output
                #expect(revoked.contains("revoked by entry \(index)") && revoked.contains("by \"uid:") && revoked.contains("laptop lost"), "\(revoked)")
                let other = try await member.operate("token", "create", "--subject", "a", "--scope", "read").line
                let key = try #require(try JSON(parsing: await member.operate("key", "list", "--format", "json").output).arrayValue?.first?["id"]?.stringValue)
                #expect(try await member.operate("key", "retire", key, "--in", "0").exitCode == 0)
                let retired = try await member.operate("token", "explain", other)
                #expect(retired.exitCode == 4 && retired.output.contains("names a retired key, since "), "\(retired.transcript)")
            }
        }

        @Test("tokens that other people's libraries sign with a client's key, claims in any order and spacing, verify on every member")
        func foreignSigners() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                var accepted: [String: Int] = [:]
                for algorithm in ForeignLibrary.allAlgorithms {
                    let pair = try await ForeignKeyPair.of(algorithm)
                    let client = try await OpenSSLClient(in: cluster.directory, name: algorithm, privateKey: pair.privateKey)
                    // RSA keys are shared by six algorithms, and so trusted before.
                    let added = try await members[0].operate("trust", "add-certificate", client.certificateFile)
                    #expect(added.exitCode == 0, "\(added.transcript)")
                    let index = try #require(try await members[0].callLocally("GET", "/1.0/cluster").fields["credence-index"].flatMap { Int64($0) })
                    let claims = "{ \"zeta\" : [1,\t{\"\u{e4}\":null}] ,\n \"sub\":\"\(client.fingerprint)\",\"exp\" :4102444800 , \"aud\":[\"x\"]  }\n"
                    for library in ForeignLibrary.allCases where library.signs && library.algorithms.contains(algorithm) {
                        guard await library.isThere else { continue }
                        let token = try await library.sign(claims, key: pair.privateKey, algorithm: algorithm, keyID: "of my own")
                        for member in members {
                            let verdict = try await member.verdict(on: token, from: index)
                            #expect(
                                verdict["valid"] == true && verdict["method"] == "certificate", "\(library) \(algorithm) \(member.name): \(verdict.encodedString)")
                        }
                        accepted["\(library)", default: 0] += 1
                    }
                }
                #expect(accepted["openssl"] == ForeignLibrary.allAlgorithms.count, "\(accepted)")
            }
        }

        @Test("of a hundred redemptions of one add token on three members at once, each by another certificate, one is granted and one is on record")
        func redemptionRace() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let token = try await members[0].operate("trust", "add", "guest").line
                var clients: [OpenSSLClient] = []
                for number in 0..<100 { clients.append(try await OpenSSLClient(in: cluster.directory, name: "guest\(number)")) }
                let body: JSON = ["type": "client", "trust_token": .string(token)]
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for (number, client) in clients.enumerated() {
                        let member = members[number % 3]
                        group.addTask { try await member.call("POST", "/1.0/certificates", body, options: client.curlOptions).status }
                    }
                    return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [201: 1, 403: 99])
                let entries = try await members[1].callLocally("GET", "/1.0/certificates?filter=type+eq+client").metadata.arrayValue
                #expect(entries?.count == 1)
                for member in members {
                    let record = try await eventually("\(member.name) has it on record") {
                        let page = try await member.callLocally("GET", "/1.0/audit?kind=redeem_add_token&limit=1000").metadata["entries"]?.arrayValue ?? []
                        return page.contains { $0["outcome"] == "done" } ? page : nil
                    }
                    // One that reached the log before it knew of the other is there as refused.
                    #expect(record.count { $0["outcome"] == "done" } == 1)
                    #expect(record.allSatisfy { $0["outcome"] == "done" || $0["code"] == "add_token_unknown" }, "\(record)")
                }
            }
        }

        @Test("of two changes with the same ETag on two members, one is made, and both members show it")
        func changeRace() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, client = try await OpenSSLClient(in: cluster.directory)
                _ = try await members[0].operate("trust", "add-certificate", client.certificateFile)
                let path = "/1.0/certificates/\(client.fingerprint)"
                let tag = try await eventually("m2 and m3 have it") {
                    let answers = try await [members[1].callLocally("GET", path), members[2].callLocally("GET", path)]
                    return answers.allSatisfy { $0.status == 200 } ? answers[0].fields["etag"] : nil
                }
                async let first = members[1].callLocally("PATCH", path, ["name": "one"], options: ["--header", "If-Match: \(tag)"])
                async let second = members[2].callLocally("PATCH", path, ["name": "two"], options: ["--header", "If-Match: \(tag)"])
                let statuses = try await [first.status, second.status]
                #expect(statuses.sorted() == [200, 412])
                let winner = statuses[0] == 200 ? "one" : "two"
                for member in members {
                    _ = try await eventually("\(member.name) shows \(winner)") {
                        try await member.callLocally("GET", path).metadata["name"]?.stringValue == winner ? true : nil
                    }
                }
            }
        }
    }
}
