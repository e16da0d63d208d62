import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    /// What stands in the way of a start, and what the operator is told: exit code, and words that must be in the one line.
    @Suite("What keeps a member from starting")
    struct StartFailureTests {
        enum Obstacle: String, CaseIterable, Sendable {
            case wrongPassphrase, missingPassphrase, readOnlyDirectory, portInUse, secondDaemon, foreignAddress, nameNotFound, joinAddressesDead
            case joinNameNotFound, joinTokenExpired, configurationUnknown, optionWrong

            var exitCode: Int32 {
                switch self {
                case .configurationUnknown, .optionWrong: 2
                case .joinAddressesDead, .joinNameNotFound: 3
                default: 1
                }
            }

            var words: [String] {
                switch self {
                case .wrongPassphrase: ["passphrase does not open"]
                case .missingPassphrase: ["--keystore-passphrase-file", "CREDENCE_KEYSTORE_PASSPHRASE", "--encrypt-keystore false"]
                case .readOnlyDirectory: ["ead-only"]
                case .portInUse: ["is in use by another process", "--listen"]
                case .secondDaemon: ["in use by"]
                case .foreignAddress: ["cannot listen on 192.0.2.1"]
                case .nameNotFound: ["no-such-host.invalid"]
                case .joinAddressesDead: ["no member named in the join token could be joined", "127.0.0.1"]
                case .joinNameNotFound: ["no-such-host.invalid"]
                case .joinTokenExpired: ["expired", "credence cluster add"]
                case .configurationUnknown: ["lisen"]
                case .optionWrong: ["--log-level"]
                }
            }
        }

        @Test("each obstacle has its exit code and one line that says what to do; without it the member starts", arguments: Obstacle.allCases)
        func obstacle(_ obstacle: Obstacle) async throws {
            try await withCluster(["m1"], keystore: .passphrase("correct horse")) { cluster in
                let member = await cluster[0]
                let port = try await FreePorts.take()
                let fresh = ["serve", "--data", "\(cluster.directory)/fresh", "--encrypt-keystore", "false", "--listen"]
                let done = try await attempt(obstacle, cluster, member, fresh, port)
                #expect(done.exitCode == obstacle.exitCode, "\(done.transcript)")
                let last = done.errorOutput.split(separator: "\n").last { $0.contains("Error:") } ?? ""
                for word in obstacle.words { #expect(last.contains(word), "\(done.transcript)") }
                #expect(!done.transcript.contains("correct horse") && !done.transcript.contains("battery staple"))
            }
        }

        private func attempt(
            _ obstacle: Obstacle, _ cluster: TestCluster, _ member: Member, _ fresh: [String], _ port: Int
        ) async throws -> Command {
            let own = ["serve", "--data", member.data, "--listen", "127.0.0.1:\(port)"]
            switch obstacle {
            case .wrongPassphrase:
                _ = try await cluster.end(member, by: .terminate)
                try Files.write("battery staple", to: "\(cluster.directory)/wrong")
                return try await run(own + ["--keystore-passphrase-file", "\(cluster.directory)/wrong"])
            case .missingPassphrase:
                _ = try await cluster.end(member, by: .terminate)
                return try await run(own)
            case .readOnlyDirectory:
                let disk = "\(cluster.directory)/disk"
                try Files.makeDirectory(disk)
                // In a mount namespace of its own, which goes with the process.
                let script = #"mount -t tmpfs -o ro tmpfs "$0" && exec "$@""#
                return try await Command.run(
                    "unshare", ["--mount", "sh", "-c", script, disk, Binary.path, "serve", "--data", "\(disk)/d", "--encrypt-keystore", "false", "--listen", "127.0.0.1:\(port)"])
            case .portInUse: return try await run(fresh + [member.address])
            case .secondDaemon: return try await run(own + cluster.keystoreArguments)
            case .foreignAddress: return try await run(fresh + ["192.0.2.1:\(port)"])
            case .nameNotFound: return try await run(fresh + ["no-such-host.invalid:\(port)"])
            case .joinAddressesDead, .joinNameNotFound, .joinTokenExpired:
                let token = try JoinTokenText(try await cluster.joinToken(for: "m2", madeOn: member))
                let changed =
                    switch obstacle {
                    case .joinAddressesDead: token.changing("addresses", to: ["127.0.0.1:1"])
                    case .joinNameNotFound: token.changing("addresses", to: ["no-such-host.invalid:8443"])
                    default: token.changing("expires_at", to: "2001-01-01T00:00:00Z")
                    }
                return try await run(fresh + ["127.0.0.1:\(port)", "--join", changed])
            case .configurationUnknown:
                try Files.write("lisen: \"127.0.0.1:1\"\n", to: "\(cluster.directory)/c.yaml")
                return try await run(["serve", "--config", "\(cluster.directory)/c.yaml"])
            case .optionWrong: return try await run(fresh + ["127.0.0.1:\(port)", "--log-level", "loud"])
            }
        }

        private func run(_ arguments: [String]) async throws -> Command {
            try await Command.run(Binary.path, arguments, environment: ["CREDENCE_KEYSTORE_PASSPHRASE": nil], input: "")
        }

        @Test(
            "a member whose clock is an hour off serves, and every other member says so",
            .enabled("no libfaketime: see cluster/test") { FileManager.default.fileExists(atPath: Files.fakeTime) })
        func clockOff() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                _ = try await cluster.end(members[2], by: .terminate)
                try await cluster.launch(
                    members[2], environment: ["LD_PRELOAD": Files.fakeTime, "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"])
                try await cluster.awaitReady(members[2])
                for member in members.prefix(2) {
                    _ = try await eventually("\(member.name) says that m3's clock is off") {
                        Files.text(member.log).contains("the clock of a member differs") ? true : nil
                    }
                }
                let doctor = try await members[0].operate("doctor", "--brief")
                #expect(doctor.exitCode == 1 && doctor.output.contains("clock of m3") && doctor.output.contains("NTP"), "\(doctor.transcript)")
            }
        }
    }
}
