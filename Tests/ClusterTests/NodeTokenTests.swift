import JOSE
import Testing

extension ClusterTests {
    @Suite("Forest and Lotus")
    struct NodeTokenTests {
        @Test("a Lotus node's token, signed here by openssl, is good on every member once its secret was imported on one")
        func lotus() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let node = NodeSecret(3)
                let token = try await node.token(#"{"Allow":["read","write","sign","admin"]}"#)
                for member in members { #expect(try await member.verdict(on: token, by: admin)["reason"] == "unknown_key") }
                let file = "\(cluster.directory)/MF2XI2BNNJ3XILLQOJUXMYLUMU"
                try Files.write(node.lotusKey, to: file)
                let imported = try await members[0].operate("key", "import", "--kind", "lotus", "--name", "lotus-1", file, "--format", "json")
                try #require(imported.exitCode == 0, "\(imported.transcript)")
                let index = try await appliedIndex(members[0])
                for member in members {
                    let verdict = try await member.verdict(on: token, from: index, by: admin)
                    #expect(verdict["valid"] == true && verdict["method"] == "imported", "\(member.name): \(verdict)")
                    #expect(verdict["expires_at"] == .null && verdict["scopes"] == ["read", "write", "sign", "admin"])
                    // It acts as an administrator's would, by whatever way it comes.
                    let version = try await member.rpc("Filecoin.Version", [], options: ["--header", "Authorization: \(token)"])
                    #expect(version.json["result"] != nil, "\(version.summary)")
                    let forged = try await node.token(#"{"Allow":["admin"]}"#, secretByte: 4)
                    #expect(try await member.verdict(on: forged, by: admin)["reason"] == "bad_signature")
                }
                let revoked = try #require(try await members[2].revoke(token, by: admin))
                for member in members {
                    #expect(try await member.verdict(on: token, from: revoked, by: admin)["reason"] == "token_revoked", "\(member.name)")
                    let answer = try await member.rpc("Filecoin.Version", [], token: token)
                    #expect(answer.status == 401 && answer.body.isEmpty, "\(answer.summary)")
                }
            }
        }

        @Test("an encrypted Forest keystore, made by other libraries, is opened by the command; when the key goes, its tokens go")
        func forest() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let folder = "\(cluster.directory)/forest"
                try Files.makeDirectory(folder)
                let decoded = try await Command.run("sh", ["-c", "base64 -d > '\(folder)/keystore'"], input: NodeSecret.foreignKeystore)
                #expect(decoded.exitCode == 0)
                try Files.write("open sesame\n", to: "\(folder)/passphrase")
                try Files.write("another\n", to: "\(folder)/wrong")
                let wrong = try await members[1].operate("key", "import", "--kind", "forest", "--passphrase-file", "\(folder)/wrong", folder)
                #expect(wrong.exitCode == 1 && wrong.errorOutput.contains("passphrase"), "\(wrong.transcript)")
                let imported = try await members[1].operate(
                    "key", "import", "--kind", "forest", "--passphrase-file", "\(folder)/passphrase", folder, "--format", "json")
                try #require(imported.exitCode == 0, "\(imported.transcript)")
                let id = try #require(JSON(parsing: imported.output)["id"]?.stringValue)
                let expiry = Int64(1) << 33
                let token = try await NodeSecret(bytes: Array(100..<132)).token(
                    #"{"Allow":["read"],"exp":\#(expiry)}"#, header: #"{"typ":"JWT","alg":"HS256"}"#)
                let index = try await appliedIndex(members[1])
                for member in members {
                    #expect(try await member.verdict(on: token, from: index, by: admin)["method"] == "imported", "\(member.name)")
                }
                let kept = try await members[2].operate("key", "delete", id)
                #expect(kept.exitCode == 1 && kept.errorOutput.contains("Forest"), "\(kept.transcript)")
                let removed = try await members[2].operate("key", "delete", id, "--force")
                #expect(removed.exitCode == 0, "\(removed.transcript)")
                let after = try await appliedIndex(members[2])
                for member in members {
                    #expect(try await member.verdict(on: token, from: after, by: admin)["reason"] == "unknown_key", "\(member.name)")
                }
            }
        }

        @Test("what AuthNew makes on one member, asked for on all at once, AuthVerify and verify accept on every other at once")
        func authNew() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                async let first = members[0].rpc("Filecoin.AuthNew", [["read", "write"], 600], token: admin)
                async let second = members[1].rpc("Filecoin.AuthNew", [["read"], 600], token: admin)
                async let third = members[2].rpc("Filecoin.AuthNew", [["admin"]], token: admin)
                for answer in try await [first, second, third] {
                    let bytes = try #require(answer.json["result"]?.stringValue.flatMap(Base64.decode), "\(answer.summary)")
                    let token = String(decoding: bytes, as: UTF8.self)
                    for member in members {
                        let permissions = try await member.rpc("Filecoin.AuthVerify", [.string(token)])
                        #expect(permissions.json["result"]?.arrayValue?.first == "read", "\(member.name): \(permissions.summary)")
                        #expect(try await member.verdict(on: token, by: admin)["method"] == "imported")
                        #expect(try await member.call("GET", "/auth/verify?scope=read", token: token).status == 200)
                    }
                }
                let keys = try await members[0].callLocally("GET", "/1.0/keys").metadata.arrayValue ?? []
                #expect(keys.count { $0["state"] == "imported" } == 1, "\(keys)")
            }
        }

        @Test("a member that cannot know enough says so: 503 under /rpc, member_stale for a token that may be a newer node's")
        func stale() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let node = NodeSecret(5), stranger = NodeSecret(6)
                let imported = try await members[0].callLocally("POST", "/1.0/keys/import", node.importing)
                #expect(imported.status == 201, "\(imported.summary)")
                let token = try await node.token(#"{"Allow":["admin"]}"#)
                let unknown = try await stranger.token(#"{"Allow":["admin"]}"#)
                let index = try await appliedIndex(members[0])
                #expect(try await members[2].verdict(on: unknown, from: index, by: admin)["reason"] == "bad_signature")
                let set = try await members[0].operate("config", "set", "max_staleness_milliseconds=1500")
                #expect(set.exitCode == 0, "\(set.transcript)")
                try await cluster.suspend(members[0])
                try await cluster.suspend(members[1])
                let alone = members[2]
                _ = try await eventually("\(alone.name) is stale") { try await alone.isReady() ? nil : true }
                for token in [token, unknown] {
                    #expect(try await alone.verdict(on: token)["reason"] == "member_stale")
                    #expect(try await alone.rpc("Filecoin.Version", [], token: token).status == 503)
                    #expect(try await alone.rpc("Filecoin.AuthVerify", [.string(token)]).status == 503)
                }
                let local = ["--unix-socket", alone.socket]
                #expect(try await Member.curlRPC("http://localhost/rpc/v1", "Filecoin.AuthNew", [["read"]], options: local).status == 503)
                try await cluster.resume(members[0])
                try await cluster.resume(members[1])
            }
        }

        @Test("create-token prints the bare token, and api-info the variable by which a command reaches a member from anywhere")
        func commands() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let created = try await members[0].operate("auth", "create-token", "--perm", "write", "--exp", "1h")
                #expect(created.exitCode == 0 && created.line.split(separator: ".").count == 3, "\(created.transcript)")
                let permissions = try await members[1].rpc("Filecoin.AuthVerify", [.string(created.line)])
                #expect(permissions.json["result"] == ["read", "write"], "\(permissions.summary)")

                let info = try await members[1].operate("auth", "api-info", "--perm", "admin")
                #expect(info.exitCode == 0, "\(info.transcript)")
                let variable = try #require(info.line.split(separator: "=", maxSplits: 1).last.map(String.init))
                #expect(info.line.hasPrefix("CREDENCE_API_INFO=") && variable.hasSuffix(":/ip4/127.0.0.1/tcp/\(members[1].port)/https"), "\(info.line)")
                let pin = try #require(info.errorOutput.split(separator: " ").first { $0.hasPrefix("CREDENCE_FINGERPRINT=") }?.dropFirst(21))
                func run(_ info: String, _ arguments: String...) async throws -> Command {
                    try await Command.run(Binary.path, arguments, environment: [
                        "CREDENCE_ADDRESS": nil, "CREDENCE_TOKEN": nil, "CREDENCE_API_INFO": info, "CREDENCE_FINGERPRINT": String(pin),
                    ])
                }
                let listed = try await run(variable, "key", "list")
                #expect(listed.exitCode == 0 && listed.output.contains("imported"), "\(listed.transcript)")
                let again = try await run(variable.replacing("/https", with: "/http"), "auth", "create-token", "--perm", "read")
                #expect(again.exitCode == 0, "\(again.transcript)")
                let broken = try await run(variable.replacing("/tcp/", with: "/udp/"), "key", "list")
                #expect(broken.exitCode == 2 && !broken.errorOutput.contains("eyJ"), "\(broken.transcript)")
                #expect(try await members[2].operate("auth", "create-token", "--perm", "root").exitCode == 2)
            }
        }

        @Test("PyJWT's HS256 tokens are good, and its HMACs over the cluster's public key are not", .enabled("no Python with PyJWT: see cluster/test") { await Python.hasPyJWT })
        func pyJWT() async throws {
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let node = NodeSecret(7)
                _ = try await members[0].callLocally("POST", "/1.0/keys/import", node.importing)
                let index = try await appliedIndex(members[0])
                func verdict(_ secret: String, _ algorithm: String) async throws -> JSON {
                    let made = try await Python.nodeToken(secret: secret, algorithm: algorithm)
                    try #require(made.exitCode == 0, "\(made.transcript)")
                    return try await members[1].verdict(on: made.line, from: index, by: admin)
                }
                #expect(try await verdict(node.hex, "HS256")["method"] == "imported")
                #expect(try await verdict(node.hex + node.hex, "HS384")["reason"] == "unknown_key")
                let jwks = try await members[1].call("GET", "/.well-known/jwks.json").json["keys"]?.arrayValue?.first
                let x = try #require(jwks?["x"]?.stringValue.flatMap(Base64URL.decode)), y = try #require(jwks?["y"]?.stringValue.flatMap(Base64URL.decode))
                // PyJWT will not do this; openssl will.
                let spki: [UInt8] = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04]
                let confused = try await NodeSecret(bytes: spki + x + y).token(#"{"Allow":["admin"]}"#)
                #expect(try await members[1].verdict(on: confused, from: index, by: admin)["reason"] == "bad_signature")
            }
        }

        @Test("a key pair that openssl made and one member imported is exported by another as openssl writes its public half")
        func exported() async throws {
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members
                let file = "\(cluster.directory)/old.pem"
                let made = try await Command.run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", file])
                try #require(made.exitCode == 0, "\(made.transcript)")
                let imported = try await members[0].operate("key", "import", "--kind", "pem", "--kid", "2024-05", file)
                #expect(imported.exitCode == 0, "\(imported.transcript)")
                _ = try await eventually("the other member has it") {
                    try await members[1].operate("key", "export", "2024-05").exitCode == 0 ? true : nil
                }
                let exported = try await members[1].operate("key", "export", "2024-05", "--as", "pem")
                let expected = try await Command.run("openssl", ["pkey", "-in", file, "-pubout"])
                #expect(exported.output == expected.output, "\(exported.transcript)")
                let jwk = try JSON(parsing: try await members[1].operate("key", "export", "2024-05", "--as", "jwk").output)
                #expect(jwk["kid"] == "2024-05" && jwk["d"] == nil)
                let keys = try await members[1].call("GET", "/.well-known/jwks.json").json["keys"]?.arrayValue ?? []
                #expect(keys.contains(jwk))
            }
        }

        @Test("no file and no log holds an imported secret, a made one's token, or a passphrase, in any form")
        func nothingInClear() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let node = NodeSecret(0xA7)
                let imported = try await members[1].call("POST", "/1.0/keys/import", node.importing, token: admin)
                #expect(imported.status == 201, "\(imported.summary)")
                _ = try await members[2].call("POST", "/1.0/keys/import", ["kind": "lotus", "private_key": .string(node.base64), "x": 1], token: admin)
                let token = try await node.token(#"{"Allow":["admin"]}"#)
                let made = try await members[0].rpc("Filecoin.AuthNew", [["admin"]], token: token)
                let bytes = try #require(made.json["result"]?.stringValue.flatMap(Base64.decode), "\(made.summary)")
                let own = String(decoding: bytes, as: UTF8.self)
                for path in ["/rpc/v1?token=\(own)", "/rpc/v0?token=\(token)"] {
                    _ = try await Member.curlRPC("https://\(members[1].address)\(path)", "Filecoin.AuthVerify", [.string(own)], options: ["--insecure"])
                }
                _ = try await members[1].revoke(own, by: admin)
                var patterns = SecretPatterns()
                patterns.add(hex: node.hex, as: "an imported secret")
                patterns.add(text: token, as: "a node's token")
                patterns.add(text: own, as: "a token that AuthNew made")
                for file in try members.flatMap({ try Files.all(below: $0.data) + [$0.log] }) {
                    let found = patterns.found(in: try Files.bytes(file))
                    #expect(found.isEmpty, "\(file) holds \(found)")
                }
            }
        }

        private func appliedIndex(_ member: Member) async throws -> Int64 {
            let answer = try await member.callLocally("GET", "/1.0/keys")
            return try #require(answer.fields["credence-index"].flatMap { Int64($0) })
        }
    }
}

/// A node's secret, which only openssl and PyJWT sign with: nothing of ours.
struct NodeSecret {
    let bytes: [UInt8]

    init(_ byte: UInt8) { bytes = Array(repeating: byte, count: 32) }
    init(bytes: [UInt8]) { self.bytes = bytes }

    var hex: String { bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
    var base64: String { Base64.encode(bytes) }
    var lotusKey: String { #"{"Type":"jwt-hmac-secret","PrivateKey":"\#(base64)"}"# }
    var importing: JSON { ["kind": "lotus", "private_key": .string(base64)] }

    func token(_ payload: String, header: String = #"{"alg":"HS256","typ":"JWT"}"#, secretByte: UInt8? = nil) async throws -> String {
        let secret = secretByte.map(NodeSecret.init) ?? self
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        let script = "openssl dgst -sha256 -mac HMAC -macopt hexkey:\(secret.hex) -binary | base64 -w0 | tr '+/' '-_' | tr -d '='"
        let signature = try await Command.run("sh", ["-c", script], input: signed)
        return signed + "." + signature.line
    }

    /// Its secret is 100, 101 and so on, its passphrase "open sesame". Made with PyNaCl and argon2-cffi.
    static let foreignKeystore =
        "AAECAwQFBgcICQoLDA0ODxhavh7b2Wo5tvOhdC8pCq5cg3x6CjhjyCA+7VyJtQKw+C2hExGumNmOFxGddRx0G/yX4+oBTT4cfOwq4Mf7jdHLaRrJW+Bn"
        + "JLKD55P5YpbzR2Ifktf3c5z5cOKTGgHpK/0CMY2f9cRpfV/v6U7VtxxxLbHG/L6/m/YbeMjJysvMzc7P0NHS09TV1tfY2drb3N3e3w=="
}

extension Member {
    func rpc(_ method: String, _ params: JSON, token: String? = nil, options: [String] = []) async throws -> Answer {
        let header = token.map { ["--header", "Authorization: Bearer \($0)"] } ?? []
        return try await Self.curlRPC("https://\(address)/rpc/v1", method, params, options: ["--insecure"] + header + options)
    }

    static func curlRPC(_ url: String, _ method: String, _ params: JSON, options: [String]) async throws -> Answer {
        let call: JSON = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
        let arguments = ["--request", "POST", "--header", "Content-Type: application/json", "--data-binary", "@-"]
        return try await curl(arguments + options + [url], input: call.encodedString)
    }
}
