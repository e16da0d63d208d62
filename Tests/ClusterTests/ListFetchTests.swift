import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    /// A CA and its lists made by the `openssl` command, and a small HTTP server that behaves well or badly by path.
    @Suite("CRLs that the leader fetches")
    struct ListFetchTests {
        private static let server = """
            import http.server, os, sys, threading
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    if self.path == "/hang":
                        threading.Event().wait()
                    if self.path == "/redirect":
                        self.send_response(302)
                        self.send_header("Location", "/below.crl")
                        self.end_headers()
                        return
                    if self.path == "/endless":
                        self.send_response(200)
                        self.end_headers()
                        try:
                            while True: self.wfile.write(b"0" * 1048576)
                        except OSError:
                            return
                    file = sys.argv[2] + self.path
                    if not os.path.exists(file):
                        self.send_error(404)
                        return
                    content = open(file, "rb").read()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
            http.server.ThreadingHTTPServer.daemon_threads = True
            http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
            """

        /// Another CA by the name of the one that is trusted.
        private static let impostor = """
            set -e
            cd "$1"
            openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out impostor.key
            openssl req -x509 -new -key impostor.key -subj /CN=below -days 30 -out impostor.pem
            """

        /// A list by the name of the CA that is trusted, signed by nobody, with 16 MiB of empty names in an extension: OpenSSL
        /// takes fifty times that to decode it.
        private static let bomb = """
            import sys
            def end(data, start):
                length, start = data[start + 1], start + 2
                if length & 0x80:
                    start, length = start + (length & 0x7F), int.from_bytes(data[start:start + (length & 0x7F)], "big")
                return start, start + length
            def element(tag, content):
                length = len(content)
                if length < 0x80: return bytes([tag, length]) + content
                octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
                return bytes([tag, 0x80 | len(octets)]) + octets + content
            given = open(sys.argv[1], "rb").read()
            (place, signed_end), fields = end(given, end(given, 0)[0]), b""
            while place < signed_end:
                after = end(given, place)[1]
                if given[place] != 0xA0: fields += given[place:after]
                place = after
            point = element(0x30, element(0xA0, element(0xA0, bytes.fromhex("8200") * (8 << 20))))
            extension = element(0x30, bytes.fromhex("0603551d1c") + element(0x04, point))
            signed = element(0x30, fields + element(0xA0, element(0x30, extension)))
            open(sys.argv[2], "wb").write(element(0x30, signed + given[signed_end:]))
            """

        private static func publish(_ directory: String, number: String, entries: String, isRevoked: Bool, as file: String = "below.crl") async throws {
            try await AuthorityTests.shell(AuthorityTests.listScript, directory, "below", isRevoked ? "revoked" : "good", entries, number)
            // In one step: the server may be asked at any time.
            try await AuthorityTests.shell("mv \"$1/below.crl\" \"$1/www/\(file)\"", directory)
        }

        private static func numbers(_ member: Member) async throws -> String? {
            try await member.callLocally("GET", "/1.0/crls").metadata.arrayValue?.first?["number"]?.stringValue
        }

        @Test("appear and change on every member by the clock, also under the next leader; what is no good is refused, and said")
        func schedule() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, directory = cluster.directory, port = try await FreePorts.take()
                try await AuthorityTests.shell(AuthorityTests.script, directory)
                try await AuthorityTests.shell(Self.impostor, directory)
                try Files.makeDirectory("\(directory)/www")
                try await Self.publish(directory, number: "01", entries: "3", isRevoked: false)
                try await Self.publish(directory, number: "01", entries: "4", isRevoked: false, as: "old.crl")
                let server = try await Server.start(["-c", Self.server, "\(port)", "\(directory)/www"], log: "\(directory)/www.log", binary: "python3")
                do {
                    try await check(cluster, members, directory, "http://127.0.0.1:\(port)")
                } catch {
                    _ = try? await server.end(by: .kill)
                    throw error
                }
                try await server.end(by: .kill)
            }
        }

        private func check(_ cluster: TestCluster, _ members: [Member], _ directory: String, _ base: String) async throws {
            let below = try await Command.run("sh", ["-c", "openssl x509 -in \(directory)/below.pem -outform DER | sha256sum | cut -d' ' -f1"]).line
            let client = ["--cert", "\(directory)/ci.pem", "--key", "\(directory)/ci.key"]
            func auth(_ member: Member) async throws -> JSON? { try await member.call("GET", "/1.0", options: client).metadata["auth"] }
            let added = try await members[0].operate("authority", "add", "\(directory)/below.pem", "--crl-url", "\(base)/below.crl", "--crl-refresh", "10")
            #expect(added.exitCode == 0, "\(added.transcript)")
            for member in members {
                _ = try await eventually("\(member.name) has the first list") { try await Self.numbers(member) == "1" ? true : nil }
                #expect(try await auth(member) == "trusted")
            }
            try await Self.publish(directory, number: "02", entries: "5", isRevoked: true)
            for member in members {
                _ = try await eventually("\(member.name) refuses the client") { try await auth(member) == "untrusted" ? true : nil }
            }

            let leader = try await cluster.leader(accordingTo: members[1], of: members)
            try await cluster.kill(leader)
            try await Self.publish(directory, number: "03", entries: "6", isRevoked: true)
            let others = members.filter { $0 != leader }
            for member in others {
                _ = try await eventually("\(member.name) has the list of the next leader's time") { try await Self.numbers(member) == "3" ? true : nil }
            }
            try await checkRefusals(cluster, others, below, directory, base)
        }

        /// By any list that comes in place of the authority's.
        private func checkMemory(_ cluster: TestCluster, _ asked: Member, _ below: String, _ directory: String, _ base: String) async throws {
            let made = try await Command.run(Python.program, ["-c", Self.bomb, "\(directory)/www/forged.crl", "\(directory)/www/bomb.crl"])
            #expect(made.exitCode == 0, "\(made.transcript)")
            #expect(try await asked.operate("authority", "edit", below, "--crl-url", "\(base)/bomb.crl").exitCode == 0)
            let before = try await cluster.memoryPeakMebibytes(of: asked)
            let fetched = try await asked.operate("authority", "fetch-crl", below)
            #expect(fetched.exitCode == 1 && fetched.transcript.contains("not by the authority's key"), "\(fetched.transcript)")
            let after = try await cluster.memoryPeakMebibytes(of: asked)
            // The list itself is held a few times while it is judged.
            #expect(after - before < 256, "\(before) MiB before, \(after) after")
        }

        private func checkRefusals(_ cluster: TestCluster, _ others: [Member], _ below: String, _ directory: String, _ base: String) async throws {
            let leader = try await cluster.leader(accordingTo: others[0], of: others)
            // One that does not fetch by the clock, and so is never at it already.
            let asked = try #require(others.first { $0 != leader })
            try await AuthorityTests.shell(AuthorityTests.listScript, directory, "impostor", "good", "1", "09")
            try await AuthorityTests.shell("mv \"$1/impostor.crl\" \"$1/www/forged.crl\"", directory)
            try await checkMemory(cluster, asked, below, directory, base)
            let nobody = try await FreePorts.take()
            for (url, words) in [
                ("\(base)/forged.crl", "not by the authority's key"), ("\(base)/old.crl", "older than the one held"), ("\(base)/missing.crl", "answered 404"),
                ("\(base)/redirect", "redirects are not followed"), ("\(base)/endless", "more than 67108864 bytes"),
                ("http://127.0.0.1:\(nobody)/", "not reached"), ("\(base)/hang", "within 30 s"),
            ] {
                let edited = try await asked.operate("authority", "edit", below, "--crl-url", url)
                #expect(edited.exitCode == 0, "\(edited.transcript)")
                let fetched = try await asked.operate("authority", "fetch-crl", below)
                #expect(fetched.exitCode == 1 && fetched.transcript.contains(words), "\(url): \(fetched.transcript)")
                #expect(!fetched.transcript.contains("000"), "nothing of the answer is shown: \(fetched.transcript)")
            }
            _ = try await eventually("the leader says that it failed") {
                let fetch = try await leader.callLocally("GET", "/1.0/authorities/\(below)").metadata["crl_fetch"]
                return fetch?["error"]?.stringValue != nil && fetch?["member"] == .string(leader.name) ? true : nil
            }
            let metrics = try await leader.callLocally("GET", "/metrics").body
            #expect(metrics.contains(#"credence_crl_fetches_total{result="failed"}"#) && metrics.contains("credence_crl_fetch_failures{"))
            #expect(Files.text(leader.log).contains("a CRL was not fetched"))
            for member in others { #expect(try await Self.numbers(member) == "3") }
            let secure = try await asked.operate("authority", "edit", below, "--crl-url", "https://127.0.0.1/")
            #expect(secure.exitCode == 1 && secure.errorOutput.contains("must begin with http://"), "\(secure.transcript)")
            try await Self.publish(directory, number: "04", entries: "2", isRevoked: false)
            _ = try await asked.operate("authority", "edit", below, "--crl-url", "\(base)/below.crl")
            let good = try await asked.operate("authority", "fetch-crl", below, "--format", "json")
            #expect(good.exitCode == 0, "\(good.transcript)")
            for member in others { _ = try await eventually("\(member.name) has the last list") { try await Self.numbers(member) == "4" ? true : nil } }
        }
    }
}
