import ArgumentParser
import Foundation
import JOSE

struct Snapshot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Fills the cluster with revocations, then has a member join by snapshot over a slow link while changes go on; \
            kills the joiner and then the leader in the middle of the transfer, and compares all members' states.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "How many revocations.") var revocations = 1_000_000
    @Option(help: "Clients for each member while filling.") var clients = 40
    @Option(help: "Of the joiner's link, in kilobits per second. Default: so that a transfer takes 40 seconds, and 12000 at least.")
    var link: Int?

    /// As long as the joiner's link makes a whole transfer, in seconds, unless that would be slower than the next.
    private static let transferSeconds = 40
    /// In kilobits per second, so that a run with few revocations ends soon. `--link` goes lower: pieces become as small as
    /// the link needs.
    private static let slowestLink = 12_000
    /// Revocations of tokens that were really minted, so that members can be asked about them.
    private static let samplesMax = 2000

    func run() throws {
        try common.require(revocations > 0 && clients > 0, "--revocations and --clients must be at least 1")
        try common.require(link.map { $0 > 0 } ?? true, "--link must be at least 1")
        try common.withFleet { fleet in
            guard let network = fleet.network else {
                throw ChaosError(description: "nothing can be slowed down without a network of our own, which needs root")
            }
            let began = Clock.now()
            let filled = try fill(fleet)
            let seconds = Int((Clock.now() - began) / 1_000_000_000)
            Report.say("\(revocations) revocations in \(seconds) s")
            let writer = Writer(fleet.sockets)
            defer { writer.finish() }
            let transfer = try join(fleet, network)
            writer.finish()
            return try compare(fleet, filled, writer.revoked, transfer)
        }
    }

    /// Adds a member, whose slot is the last, and kills both sides of its transfer in the middle.
    private func join(_ fleet: Fleet, _ network: TestNetwork) throws -> Transfer {
        let founders = Array(fleet.names.indices), slot = founders.count, bytes = fleet.size(0), joined = Clock.now()
        let rate = link ?? max(Self.slowestLink, bytes / 125 / Self.transferSeconds)
        try network.limit(to: slot, kilobitsPerSecond: rate)
        Report.say("\(bytes / 1_000_000) MB of state over a link of \(rate / 1000) Mbit/s")
        try fleet.addWithoutWaiting()
        var terminal = JoinerTerminal(path: fleet.log(slot), name: fleet.names[slot])

        let atJoinersKill = try terminal.awaitProgress(seconds: 300) { $0.percent >= 30 || fleet.isReady(slot) }
        fleet.end(slot, by: SIGKILL)
        Report.say("kill -9 of the joiner at \(atJoinersKill)")
        try fleet.start(slot)
        let resumed = try terminal.awaitProgress(seconds: 120) { $0.bytes > 0 }
        Report.say("it went on from byte \(resumed.bytes) of snapshot \(resumed.index)")

        let late = max(55, resumed.percent + 5)
        let atLeadersKill = try terminal.awaitProgress(seconds: 300) { $0.percent >= late || fleet.isReady(slot) }
        guard let leader = fleet.leader(askedOf: founders) else { throw ChaosError(description: "nobody leads") }
        fleet.end(leader, by: SIGKILL)
        Report.say("kill -9 of the leader, \(fleet.names[leader]), at \(atLeadersKill)")
        // The next leader makes a snapshot of its own, of a later state, and what is there of the former one is of no use.
        let underNextLeader = try? terminal.awaitProgress(seconds: 120) {
            $0.bytes > 0 && ($0.index != atLeadersKill.index || $0.bytes > atLeadersKill.bytes + (4 << 20))
        }
        try fleet.start(leader)
        try fleet.awaitReady(leader, seconds: 600)
        try network.limit(to: slot, kilobitsPerSecond: 0)
        try fleet.awaitReady(slot, seconds: 600)
        terminal.showNews()
        return Transfer(
            joinerKilledAt: atJoinersKill, wentOnFrom: resumed, leaderKilledAt: atLeadersKill, underNextLeader: underNextLeader,
            seconds: Int((Clock.now() - joined) / 1_000_000_000))
    }

    /// Whether the members' states are equal, and the transfer was what it should be.
    private func compare(
        _ fleet: Fleet, _ filled: [Record.Revoked], _ meanwhile: [TrackedToken], _ transfer: Transfer
    ) throws -> Bool {
        try fleet.awaitEqualIndexes(seconds: 120)
        let tokens = filled.map(\.token) + meanwhile
        let answers = try AnswerComparison(fleet, tokens: tokens, positions: filled.map(\.revocation))
        let service = try servesChanges(fleet, fleet.names.count - 1)
        let files = try fleet.compareStateFiles()
        for difference in (answers.differences + files.differences).prefix(20) { Report.say(difference) }
        let statesAreEqual = answers.differences.isEmpty && files.differences.isEmpty
        let isGood = transfer.landedInTheMiddle && transfer.hasResumed && statesAreEqual && service && !meanwhile.isEmpty
        let rows = [
            ("revocations", "\(revocations)"), ("revoked during the transfer", "\(meanwhile.count)"),
            ("tokens asked about on every member", "\(tokens.count)"),
            ("lists compared on every member", "\(answers.pages) pages, \(answers.listed) revocations"),
            ("answers that differ", "\(answers.differences.count)"), ("the joiner revokes and is heard", "\(service)"),
            ("state files", "\(files.rows) rows each, \(files.differences.count) differences"),
            ("verdict", isGood ? "good" : "BAD"),
        ]
        Report.show(transfer.rows + rows, asJSON: common.json)
        return isGood
    }

    /// Revokes ids, and among them, evenly spread, real tokens. Returns the latter.
    private func fill(_ fleet: Fleet) throws -> [Record.Revoked] {
        let stride = max(1, revocations / Self.samplesMax), total = revocations
        let counter = Counter(), samples = Gathered<Record.Revoked>(), sockets = fleet.sockets
        let threads = (0..<clients * sockets.count).map { number in
            Threads.start {
                let client = UnixHTTPClient(socket: sockets[number % sockets.count])
                while case let next = counter.next(), next < total {
                    let token = next % stride == 0 ? client.mint() : nil
                    let revoked = client.revoke(token?.id ?? "bulk-token-\(next)")
                    if let token { samples.add(Record.Revoked(token: token, revocation: revoked, acknowledged: Clock.now(), isEverywhere: false)) }
                    if next % 100_000 == 0 { Report.say("\(next) revocations") }
                }
            }
        }
        for thread in threads { thread.wait() }
        return samples.all
    }

    /// What is minted elsewhere and revoked on the joiner is accepted before and refused after, by everybody.
    private func servesChanges(_ fleet: Fleet, _ slot: Int) throws -> Bool {
        let joiner = fleet.client(slot), token = fleet.client(0).mint()
        guard joiner.verdict(on: token) == "accepted" else { return false }
        let body: JSON = ["token_id": .string(token.id), "wait": "everywhere"]
        let revoked = joiner.call("POST", "/1.0/revocations", body, seconds: 10)
        return revoked?.metadata["effective_everywhere"]?.boolValue == true
            && fleet.names.indices.allSatisfy { fleet.client($0).verdict(on: token) == "token_revoked" }
    }
}

/// How a member came by its snapshot.
private struct Transfer {
    let joinerKilledAt: TransferProgress
    let wentOnFrom: TransferProgress
    let leaderKilledAt: TransferProgress
    let underNextLeader: TransferProgress?
    let seconds: Int

    /// A kill outside of this part of the transfer shows nothing.
    private static let middle = 10...90

    var landedInTheMiddle: Bool { [joinerKilledAt, leaderKilledAt].allSatisfy { Self.middle.contains($0.percent) } }
    var hasResumed: Bool { wentOnFrom.index == joinerKilledAt.index && wentOnFrom.bytes >= joinerKilledAt.bytes }

    var rows: [(String, String)] {
        [
            ("join by snapshot took", "\(seconds) s"), ("joiner killed at", "\(joinerKilledAt)"),
            ("went on from byte", "\(wentOnFrom.bytes)\(hasResumed ? "" : ", which is no resumption")"),
            ("leader killed at", "\(leaderKilledAt)"),
            ("then, under the next leader", underNextLeader.map { "\($0)" } ?? "nothing for two minutes"),
        ]
    }
}
