import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Remotes, and the doctor")
    struct RemoteTests {
        @Test("an add token makes a remote: pinned, with this user's own key, by whichever member answers")
        func byToken() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let home = Home("\(cluster.directory)/home")
                let token = try await members[1].operate("trust", "add", "laptop").line
                let added = try await home.run("remote", "add", "prod", token)
                #expect(added.exitCode == 0, "\(added.transcript)")
                #expect(try await Files.permissions("\(home.path)/client.key") == "600")
                #expect(try await home.run("remote", "add", "prod", token).errorOutput.contains("already"))
                let stranger = Home("\(cluster.directory)/stranger")
                let again = try await stranger.run("remote", "add", "prod", token)
                #expect(again.exitCode == 1 && again.errorOutput.contains("No matching certificate add operation"), "\(again.transcript)")
                #expect(try await home.run("cluster", "list", "--remote", "prod").exitCode == 0)
                // The first address in the token is dead: the next one answers.
                try await cluster.kill(members[0])
                _ = try await eventually("another member answers") {
                    try await home.run("token", "create", "--subject", "alice", "--remote", "prod").exitCode == 0 ? true : nil
                }
                let listed = try await home.run("remote", "list", "--format", "json")
                #expect(listed.output.contains("\"authentication\":\"certificate\""), "\(listed.transcript)")
                #expect(try await home.run("remote", "remove", "prod").exitCode == 0)
                #expect(try await home.run("cluster", "list", "--remote", "prod").exitCode == 2)
            }
        }

        @Test("an address is added only with the right fingerprint, nothing is sent to another server, and a renewed certificate stays known")
        func byAddress() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let home = Home("\(cluster.directory)/home")
                let url = "https://\(member.address)"
                let unasked = try await home.run("remote", "add", "prod", url)
                #expect(unasked.exitCode == 2 && unasked.errorOutput.contains("--fingerprint"), "\(unasked.transcript)")
                let wrong = try await home.run("remote", "add", "prod", url, "--fingerprint", String(repeating: "a", count: 64), "--token", admin)
                #expect(wrong.exitCode == 1 && !wrong.transcript.contains(admin), "\(wrong.transcript)")
                let shown = try await member.callLocally("GET", "/1.0").metadata["environment"]?["certificate_fingerprint"]?.stringValue ?? ""
                let added = try await home.run("remote", "add", "prod", url, "--fingerprint", shown, "--token", admin)
                #expect(added.exitCode == 0, "\(added.transcript)")
                #expect(try await !home.run("remote", "list", "--format", "json").output.contains(admin), "a list is copied into tickets")
                #expect(try await member.operate("cluster", "update-certificate", "--reset").exitCode == 0)
                let renewed = try await eventually("the new certificate, of the same CA, is taken") {
                    let asked = try await home.run("cluster", "list", "--remote", "prod")
                    return asked.exitCode == 0 ? asked : nil
                }
                #expect(renewed.output.contains("m1"))
                let both = try await home.run("cluster", "list", "--remote", "prod", "--address", member.address)
                #expect(both.exitCode == 2, "\(both.transcript)")
            }
        }

        @Test("a server with another name under the same CA is sent nothing, a pin is never passed over, and a member that is off is")
        func wrongServer() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let home = Home("\(cluster.directory)/home")
                let folder = cluster.directory
                let made = try await Command.run("sh", ["-c", Self.corporateServer], environment: ["FOLDER": folder], input: "")
                try #require(made.exitCode == 0, "\(made.transcript)")
                let update = try await member.operate("cluster", "update-certificate", "\(folder)/wiki.crt", "\(folder)/wiki.key")
                #expect(update.exitCode == 0, "\(update.transcript)")
                let asked = try await home.run("cluster", "list", "--address", member.address, "--ca", "\(folder)/corp.crt", "--token", admin)
                #expect(asked.exitCode == 3 && asked.errorOutput.contains("nothing was sent to it"), "\(asked.transcript)")
                let shown = try await member.callLocally("GET", "/1.0").metadata["environment"]?["certificate_fingerprint"]?.stringValue ?? ""
                // The first address takes connections and never says a word.
                let silent = try await FreePorts.take()
                let script = "import signal, socket; s = socket.create_server(('127.0.0.1', \(silent))); print('open', flush=True); signal.pause()"
                let mute = try await Server.start(["-c", script], log: "\(folder)/mute.log", binary: "python3")
                _ = try await eventually("it takes connections") { Files.text("\(folder)/mute.log").contains("open") ? true : nil }
                let added = try await home.run("remote", "add", "prod", member.address, "--fingerprint", shown, "--token", admin)
                #expect(added.exitCode == 0, "\(added.transcript)")
                let file = "\(folder)/home/remotes.json"
                try Files.write(Files.text(file).replacing("[\"\(member.address)\"]", with: "[\"127.0.0.1:\(silent)\",\"\(member.address)\"]"), to: file)
                let passedOver = try await home.run("cluster", "list", "--remote", "prod")
                #expect(passedOver.exitCode == 0, "\(passedOver.transcript)")
                _ = try await mute.end(by: .kill)
                let ignored = try await Command.run(
                    Binary.path, ["cluster", "list", "--fingerprint", String(repeating: "0", count: 64)],
                    environment: ["CREDENCE_CONFIG_DIR": home.path, "CREDENCE_REMOTE": "prod", "CREDENCE_DATA": nil], input: "")
                #expect(ignored.exitCode == 2, "\(ignored.transcript)")
            }
        }

        /// A CA that has nothing to do with the cluster, and a certificate of it for another server.
        private static let corporateServer = #"""
            cd "$FOLDER" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout corp.key -out corp.crt \
                -subj /CN=Corp -days 30 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign &&
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout wiki.key -out wiki.csr -subj /CN=wiki &&
            printf 'subjectAltName=DNS:wiki.example\nextendedKeyUsage=serverAuth\n' > wiki.ext &&
            openssl x509 -req -in wiki.csr -CA corp.crt -CAkey corp.key -CAcreateserial -days 30 -extfile wiki.ext -out wiki.crt
            """#

        @Test("a client certificate and its key on the command line are who calls")
        func certificate() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let client = try await OpenSSLClient(in: cluster.directory, name: "ci")
                #expect(try await member.operate("trust", "add-certificate", client.certificateFile, "--name", "ci").exitCode == 0)
                let shown = try await member.callLocally("GET", "/1.0").metadata["environment"]?["certificate_fingerprint"]?.stringValue ?? ""
                let home = Home("\(cluster.directory)/home")
                let asked = try await home.run(
                    "cluster", "status", "--address", member.address, "--fingerprint", shown, "--cert", client.certificateFile, "--key", client.keyFile)
                #expect(asked.exitCode == 0, "\(asked.transcript)")
                let half = try await home.run("cluster", "status", "--address", member.address, "--fingerprint", shown, "--cert", client.certificateFile)
                #expect(half.exitCode == 2, "\(half.transcript)")
            }
        }

        @Test("the doctor finds nothing in a cluster that is well, and names the member that is gone, and who does not hear it")
        func doctor() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let well = try await members[0].operate("doctor")
                #expect(well.exitCode == 0 && well.output.contains("seen from m3") && !well.output.contains("failure"), "\(well.transcript)")
                try await cluster.kill(members[2])
                _ = try await eventually("m3 is missed") {
                    let status = try await members[0].callLocally("GET", "/1.0/cluster/members/m3").metadata
                    return status["status"] == "Offline" ? true : nil
                }
                let ill = try await members[0].operate("doctor", "--brief", "--format", "json")
                #expect(ill.exitCode == 1, "\(ill.transcript)")
                let findings = try JSON(parsing: ill.output).arrayValue ?? []
                let checks = findings.compactMap { $0["check"]?.stringValue }
                #expect(checks.contains("member m3") && checks.contains("quorum") && checks.contains("seen from m2"), "\(ill.transcript)")
                #expect(findings.allSatisfy { $0["advice"]?.stringValue?.isEmpty == false })
                let top = try await members[0].operate("cluster", "top", "--count", "1")
                #expect(top.exitCode == 0 && top.output.contains("m3"), "\(top.transcript)")
            }
        }
    }
}

/// A user's own folder for remotes and key.
private struct Home {
    let path: String

    init(_ path: String) { self.path = path }

    func run(_ arguments: String...) async throws -> Command {
        try await Command.run(Binary.path, arguments, environment: ["CREDENCE_CONFIG_DIR": path, "CREDENCE_DATA": nil], input: "")
    }
}
