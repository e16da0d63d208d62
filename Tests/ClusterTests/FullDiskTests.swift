import JOSE
import Testing

extension ClusterTests {
    @Suite("A full disk")
    struct FullDiskTests {
        @Test(
            "a member on a full disk says so, acknowledges nothing, keeps verifying, and recovers when there is space",
            .enabled("only root can mount the small file system that this needs") { await SmallDisk.canMount })
        func fullDisk() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let disk = try await SmallDisk(at: "\(cluster.directory)/m1")
            do {
                try await cluster.found("m1")
                let member = await cluster[0], admin = await cluster.adminToken
                let token = try await member.mint("kept", by: admin)
                var tokens: [String] = []
                for number in 0..<30 { tokens.append(try await member.mint("victim \(number)", by: admin)) }

                try await disk.fill()
                var acknowledged: [(token: String, index: Int64)] = []
                var refusal: Answer?
                for token in tokens where refusal == nil {
                    let body: JSON = ["token": .string(token), "wait": "committed"]
                    let options = ["--header", "Credence-Timeout: 500ms"]
                    let answer = try await member.call("POST", "/1.0/revocations", body, token: admin, options: options)
                    if let index = answer.metadata["index"]?.integerValue {
                        acknowledged.append((token, index))
                    } else {
                        refusal = answer
                    }
                }
                // Within its freshness it goes on verifying; a moment ago it still led.
                #expect(try await member.call("GET", "/auth/verify", token: token).status == 200)
                #expect(try await member.call("GET", "/healthz").status == 200)
                let refused = try #require(refusal, "a full disk must refuse a write in the end")
                #expect(refused.status == 503, "\(refused.summary)")
                #expect(Files.text(member.log).contains("no space left"), "\(Files.tail(member.log))")
                let (readiness, write) = try await eventually("the full disk is named to whoever asks") {
                    let readiness = try await member.callLocally("GET", "/readyz")
                    let write = try await member.callLocally("POST", "/1.0/revocations", ["token": .string(tokens[28])])
                    return readiness.error.contains("no space left") && write.error.contains("no space left") ? (readiness, write) : nil
                }
                #expect(readiness.status == 503 && write.status == 503)

                // Kills on the full disk: with the reserve it starts, proves itself current and verifies. A second start finds the
                // reserve given away already, and must not take what is left of it for free space: however many changes are
                // asked for, the next start has what it needs.
                var refusals = 0
                for round in 0..<3 {
                    try await cluster.kill(member)
                    try await cluster.launch(member)
                    _ = try await eventually("it verifies again, on a full disk") {
                        let answer = try? await member.call("GET", "/auth/verify", token: token)
                        return answer?.status == 200 ? true : nil
                    }
                    for (token, index) in acknowledged {
                        #expect(try await member.verdict(on: token, from: index)["reason"] == "token_revoked")
                    }
                    for number in 0..<60 {
                        let wish: JSON = ["subject": .string(String(repeating: "s", count: 200)), "scopes": ["read"], "name": .string("\(round) \(number)")]
                        let answer = try await member.callLocally("POST", "/1.0/tokens", wish)
                        guard answer.status != 201 else { continue }
                        #expect(answer.status == 503 && answer.error.contains("no space left"), "\(answer.summary)")
                        refusals += 1
                    }
                }
                #expect(refusals > 60)

                try await disk.makeRoom()
                let index = try await eventually("writes resume") { try await member.revoke(tokens[29], by: admin) }
                #expect(try await member.verdict(on: tokens[29], from: index)["reason"] == "token_revoked")
                try await cluster.kill(member)
                try await cluster.start(member)
                for (token, index) in acknowledged {
                    #expect(try await member.verdict(on: token, from: index)["reason"] == "token_revoked")
                }
                #expect(try await member.verdict(on: token)["valid"] == true)
            } catch {
                await cluster.endAll()
                try await disk.unmount()
                throw error
            }
            await cluster.endAll()
            try await disk.unmount()
        }
    }
}

/// A file system of a few MiB in memory, which a test may fill to the last byte.
struct SmallDisk: Sendable {
    let path: String

    init(at path: String) async throws {
        self.path = path
        try Files.makeDirectory(path)
        let mounted = try await Command.run("mount", ["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", path])
        guard mounted.exitCode == 0 else { throw TestFailure("no small disk: \(mounted.transcript)") }
    }

    static var canMount: Bool {
        get async {
            guard (try? await Command.run("id", ["-u"]).line) == "0" else { return false }
            let probe = "d=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs $d && umount $d && rmdir $d"
            return (try? await Command.run("sh", ["-c", probe]).exitCode) == 0
        }
    }

    func fill() async throws {
        let filled = try await Command.run("dd", ["if=/dev/zero", "of=\(path)/filler", "bs=4096"])
        guard filled.exitCode == 1 else { throw TestFailure("the disk did not fill: \(filled.transcript)") }
    }

    func makeRoom() async throws {
        _ = try await Command.run("rm", ["\(path)/filler"])
    }

    func unmount() async throws {
        _ = try await Command.run("umount", ["--lazy", path])
    }
}
