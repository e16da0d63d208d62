import JOSE
import Testing

extension ClusterTests {
    @Suite("Secrets at rest")
    struct SecretsAtRestTests {
        @Test("no file and no log holds a private key, the admin token, a join secret or the passphrase")
        func nothingInClear() async throws {
            let passphrase = "correct horse battery staple 7391"
            try await withCluster(keystore: .passphrase(passphrase)) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let unused = try await cluster.joinToken(for: "m4", madeOn: members[1])
                let used = try await cluster.joinToken(for: "m5", madeOn: members[2])
                try await cluster.join("m5", with: used)
                let bearer = try await members[0].mint("alice", by: admin)
                _ = try await members[1].call("GET", "/1.0?access_token=\(bearer)")
                _ = try await members[1].call("GET", "/auth/verify", token: bearer)
                _ = try await members[2].revoke(bearer, by: admin)

                var patterns = SecretPatterns.privateKeys
                patterns.add(text: admin, as: "the admin token")
                patterns.add(text: bearer, as: "a bearer token")
                patterns.add(text: passphrase, as: "the passphrase")
                for token in [unused, used] {
                    patterns.add(text: token, as: "a join token")
                    let secret = try #require(JoinTokenText(token).object["secret"]?.stringValue)
                    patterns.add(hex: secret, as: "a join secret")
                }
                let everyone = await cluster.members
                let files = try everyone.flatMap { try Files.all(below: $0.data) + [$0.log] }
                #expect(files.count > everyone.count * 3, "log, state and member file of each must be among \(files)")
                for file in files {
                    let found = patterns.found(in: try Files.bytes(file))
                    #expect(found.isEmpty, "\(file) holds \(found)")
                }
            }
        }

        @Test("the search finds a private key in each form it may take", arguments: ["P-256", "ED25519"], ["PEM", "DER"])
        func searchFinds(curve: String, form: String) async throws {
            let kind = curve == "P-256" ? ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] : ["ED25519"]
            let pem = try await Command.run("openssl", ["genpkey", "-algorithm"] + kind)
            let made =
                form == "PEM"
                ? Array(pem.output.utf8)
                : Base64.decode(pem.output.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined())
            #expect(SecretPatterns.privateKeys.found(in: try #require(made)).isEmpty == false)
        }

        @Test("the admin token's file and the data directory are closed to others")
        func permissions() async throws {
            try await withCluster(["m1"]) { cluster in
                let tokenFile = try await Files.permissions(cluster.adminTokenFile)
                let directory = try await Files.permissions(await cluster[0].data)
                #expect(tokenFile == "600")
                #expect(directory == "700")
            }
        }
    }
}

/// Byte strings that give a secret away, with what to call them.
struct SecretPatterns {
    private var patterns: [(name: String, bytes: [UInt8])] = []

    mutating func add(text: String, as name: String) {
        patterns.append((name, Array(text.utf8)))
        patterns.append(("\(name), in base64", Array(Base64.encode(Array(text.utf8)).utf8.dropLast(4))))
    }

    mutating func add(hex: String, as name: String) {
        patterns.append((name, Array(hex.utf8)))
        patterns.append(("\(name), in upper case", Array(hex.uppercased().utf8)))
        let digits = Array(hex)
        let raw = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
        patterns.append(("\(name), as bytes", raw))
        patterns.append(("\(name), in base64", Array(Base64.encode(raw).utf8.dropLast(4))))
        patterns.append(("\(name), in base64url", Array(Base64URL.encode(raw).utf8.dropLast(4))))
    }

    func found(in bytes: [UInt8]) -> [String] {
        patterns.filter { contains($0.bytes, in: bytes) }.map(\.name)
    }

    private func contains(_ pattern: [UInt8], in bytes: [UInt8]) -> Bool {
        guard let first = pattern.first, bytes.count >= pattern.count else { return false }
        for start in 0...(bytes.count - pattern.count) where bytes[start] == first {
            if bytes[start..<(start + pattern.count)].elementsEqual(pattern) { return true }
        }
        return false
    }

    /// How PKCS #8 (RFC 5958), SEC 1 (RFC 5915) and PEM (RFC 7468) start a private key that is not encrypted.
    static let privateKeys: SecretPatterns = {
        var patterns = SecretPatterns()
        patterns.patterns = [
            ("a PEM private key", Array("PRIVATE KEY".utf8)),
            (
                "a P-256 key in PKCS #8",
                [0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
            ),
            ("an Ed25519 key in PKCS #8", [0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]),
            ("a P-256 key in SEC 1", [0x02, 0x01, 0x01, 0x04, 0x20]),
            ("a P-256 key in PKCS #8, in base64", Array("MIGHAgEAMBMGByqGSM49AgEG".utf8)),
            ("an Ed25519 key in PKCS #8, in base64", Array("MC4CAQAwBQYDK2VwBCIEI".utf8)),
        ]
        return patterns
    }()
}
