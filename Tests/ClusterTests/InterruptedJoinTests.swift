import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Joins that are interrupted")
    struct InterruptedJoinTests {
        /// What the joiner has done when it is killed, by what is on its disk.
        enum Step: String, CaseIterable, Sendable {
            case directory = ""
            case identity = "member.json"
            case key = "keystore.json"
            case state = "state.db"
            case log = "log.db"
            case lineage = "lineage.json"
        }

        @Test("a joiner that is killed at any of its steps joins at the next try, as one member, and leaves nothing", arguments: Step.allCases)
        func joinerKilled(at step: Step) async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0]
                let token = try await cluster.joinToken(for: "m2", madeOn: first)
                let joiner = try await cluster.newMember("m2")
                let arguments = joiner.serveArguments(cluster.keystoreArguments + ["--join", token])
                let server = try await Server.start(arguments, log: joiner.log)
                let path = step.rawValue.isEmpty ? joiner.data : "\(joiner.data)/\(step.rawValue)"
                // As often as possible: the steps follow each other within milliseconds.
                while server.isRunning, !FileManager.default.fileExists(atPath: path) { await Task.yield() }
                _ = try await server.end(by: .kill)
                try await joinAtLast(cluster, joiner, token)
            }
        }

        @Test("the only member is killed as soon as it is asked to admit one; started again, it admits that one, once", arguments: 1...4)
        func sponsorKilled(round: Int) async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0]
                let token = try await cluster.joinToken(for: "m2", madeOn: first)
                let joiner = try await cluster.newMember("m2")
                let server = try await Server.start(joiner.serveArguments(cluster.keystoreArguments + ["--join", token]), log: joiner.log)
                while server.isRunning, !Files.text(joiner.log).contains("joining: asking") { await Task.yield() }
                for _ in 0..<(round * 50) { await Task.yield() }
                try await cluster.kill(first)
                _ = try? await server.end(by: .kill)
                try await cluster.launch(first)
                _ = try await eventually("m1 leads, or waits for its new voter") {
                    try await first.callLocally("GET", "/healthz").status == 200 ? true : nil
                }
                try await joinAtLast(cluster, joiner, token)
            }
        }

        private func joinAtLast(_ cluster: TestCluster, _ joiner: Member, _ token: String) async throws {
            let first = await cluster[0]
            // A join that had come to its end needs no token; one that had not is told so, and is repeated with it.
            var arguments = ["--join", token]
            if Files.text("\(joiner.data)/member.json").contains("\"ready\"") { arguments = [] }
            try await cluster.start(joiner, arguments: arguments)
            try await cluster.awaitVoters(2, accordingTo: first)
            let status = try await first.callLocally("GET", "/1.0/cluster/status").metadata
            let names = (status["members"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }.sorted()
            #expect(names == ["m1", "m2"])
            let operations = try await first.callLocally("GET", "/1.0/operations?recursion=1").metadata
            #expect(operations == .object([:]), "the token is used up: \(operations)")
        }
    }
}
