import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Certificates of members and of the cluster")
    struct CertificateRenewalTests {
        @Test(
            "a cluster that was off for two years starts, renews its members' certificates by itself and serves",
            .enabled("no libfaketime: see cluster/test") { FileManager.default.fileExists(atPath: Files.fakeTime) })
        func twoYearsLater() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let before = try await expiries(accordingTo: members[0])
                let fingerprint = try await fingerprint(accordingTo: members[0])
                #expect(before.count == 3)
                let revoked = try await members[0].operate("revoke", "certificate", try await ownCertificate(of: "m3", accordingTo: members[0]))
                #expect(revoked.exitCode == 0, "\(revoked.transcript)")
                for member in members { _ = try await cluster.end(member, by: .terminate) }
                let later: [String: String?] = ["LD_PRELOAD": Files.fakeTime, "FAKETIME": "+730d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"]
                for member in members { try await cluster.launch(member, environment: later) }
                for member in members { try await cluster.awaitReady(member) }
                _ = try await eventually("the members have new certificates") {
                    let now = try await expiries(accordingTo: members[2])
                    return ["m1", "m2"].allSatisfy { now[$0] ?? "" > before[$0] ?? "" } ? true : nil
                }
                #expect(try await expiries(accordingTo: members[2])["m3"] == before["m3"], "a revoked one ends")
                #expect(try await self.fingerprint(accordingTo: members[1]) == fingerprint, "what clients pinned holds for ten years")
                // It serves: a client with the right time gets and verifies a token on any member.
                let minted = try await members[1].callLocally("POST", "/1.0/tokens", ["subject": "late", "scopes": ["read"]])
                let token = try #require(minted.metadata["token"]?.stringValue, "\(minted.summary)")
                for member in members { #expect(try await member.verdict(on: token)["valid"] == true) }
            }
        }

        @Test("a certificate of the operator's own is shown by every member at once, also after a restart, and the cluster's own comes back by --reset")
        func operatorsOwn() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let own = try await certificate(in: cluster.directory, name: "own")
                let before = try await fingerprint(accordingTo: members[0])
                let updated = try await members[1].operate("cluster", "update-certificate", own.certificate, own.key)
                #expect(updated.exitCode == 0, "\(updated.transcript)")
                for member in members { try await awaitShown(updated.line, by: member) }
                _ = try await cluster.end(members[2], by: .terminate)
                try await cluster.start(members[2])
                try await awaitShown(updated.line, by: members[2])
                // A joiner recognises the cluster by it too, and by nothing else.
                let token = try await cluster.joinToken(for: "m4", madeOn: members[2])
                let forged = try JoinTokenText(token).changing("fingerprint", to: .string(String(repeating: "b", count: 64)))
                let stranger = try await Command.run(
                    Binary.path, ["serve", "--data", "\(cluster.directory)/x", "--listen", "127.0.0.1:\(try await FreePorts.take())", "--join", forged, "--exit-after-init"]
                        + cluster.keystoreArguments)
                #expect(stranger.exitCode == 3 && stranger.errorOutput.contains("was it replaced since?"), "\(stranger.transcript)")
                try await cluster.join("m4", with: token)
                let reset = try await members[2].operate("cluster", "update-certificate", "--reset")
                #expect(reset.exitCode == 0 && reset.line != before && reset.line != updated.line, "\(reset.transcript)")
                for member in members { try await awaitShown(reset.line, by: member) }
                let named = try await Member.curl([
                    "--cacert", try await authority(of: members[0], in: cluster.directory), "https://\(members[2].address)/healthz",
                ])
                #expect(named.status == 200, "the new one is checked without --insecure: \(named.summary)")
            }
        }

        @Test("what clients would turn away is refused, and says why", arguments: [
            ("another key", "is not the key of the first certificate"), ("no names", "subjectAltName"), ("a client's", "serverAuth"),
            ("no certificate", "PEM"),
        ])
        func refused(kind: String, reason: String) async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let good = try await certificate(in: cluster.directory, name: "good")
                var bad = good
                switch kind {
                case "another key": bad.key = try await certificate(in: cluster.directory, name: "other").key
                case "no names": bad = try await certificate(in: cluster.directory, name: "bad", names: nil)
                case "a client's": bad = try await certificate(in: cluster.directory, name: "bad", usage: "clientAuth")
                default: bad.certificate = good.key
                }
                let before = try await fingerprint(accordingTo: member)
                let refused = try await member.operate("cluster", "update-certificate", bad.certificate, bad.key)
                #expect(refused.exitCode == 1 && refused.errorOutput.contains(reason), "\(refused.transcript)")
                #expect(!refused.errorOutput.contains("PRIVATE KEY"))
                #expect(try await fingerprint(accordingTo: member) == before)
            }
        }

        private func certificate(
            in directory: String, name: String, names: String? = "DNS:auth.example,IP:127.0.0.1", usage: String = "serverAuth"
        ) async throws -> (certificate: String, key: String) {
            let (certificate, key) = ("\(directory)/\(name).crt", "\(directory)/\(name).key")
            var arguments = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                "-subj", "/CN=auth.example", "-addext", "extendedKeyUsage=\(usage)", "-days", "30",
            ]
            if let names { arguments += ["-addext", "subjectAltName=\(names)"] }
            let made = try await Command.run("openssl", arguments)
            guard made.exitCode == 0 else { throw TestFailure(made.transcript) }
            return (certificate, key)
        }

        private func awaitShown(_ fingerprint: String, by member: Member) async throws {
            _ = try await eventually("\(member.name) shows \(fingerprint)") {
                let shown = try await Command.run("openssl", ["s_client", "-connect", member.address, "-showcerts"], input: "")
                let digest = try await Command.run("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], input: shown.output)
                return digest.line.replacing(":", with: "").lowercased().hasSuffix(fingerprint) ? true : nil
            }
        }

        private func authority(of member: Member, in directory: String) async throws -> String {
            let shown = try await member.operate("cluster", "certificate", "--authority")
            try Files.write(shown.output, to: "\(directory)/ca.crt")
            return "\(directory)/ca.crt"
        }

        private func fingerprint(accordingTo member: Member) async throws -> String {
            try await member.callLocally("GET", "/1.0").metadata["environment"]?["certificate_fingerprint"]?.stringValue ?? ""
        }

        /// The fingerprint of a member's own certificate.
        private func ownCertificate(of name: String, accordingTo member: Member) async throws -> String {
            let all = try await member.callLocally("GET", "/1.0/certificates?recursion=1").metadata.arrayValue ?? []
            let entry = all.first { $0["type"]?.stringValue == "server" && $0["name"]?.stringValue == name }
            return try #require(entry?["fingerprint"]?.stringValue, "\(all)")
        }

        /// By name; RFC 3339 in UTC, so that they can be compared.
        private func expiries(accordingTo member: Member) async throws -> [String: String] {
            let status = try await member.callLocally("GET", "/1.0/cluster/status").metadata
            let pairs = (status["members"]?.arrayValue ?? []).compactMap { entry in
                entry["name"]?.stringValue.flatMap { name in entry["certificate_expires_at"]?.stringValue.map { (name, $0) } }
            }
            return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        }
    }
}
