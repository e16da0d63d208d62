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

    /// A kill outside of this part of the transfer shows nothing.
    private static let middle = 10...90
    /// As long as the joiner's link makes a whole transfer, in seconds, unless that would be slower than the next.
    private static let transferSeconds = 40
    /// A piece is asked for again after a second (docs/consensus.md §8), so a piece must fit into less.
    private static let slowestLink = 12_000
    /// Revocations of tokens that were really minted, so that members can be asked about them.
    private static let samplesMax = 2000

    func run() throws {
        try common.require(revocations > 0 && clients > 0, "--revocations and --clients must be at least 1")
        try common.require(link.map { $0 > 0 } ?? true, "--link must be at least 1")
        try common.withFleet { fleet in
            guard let network = fleet.network else { throw ChaosError(description: "nothing can be slowed down without a network of our own") }
            let founders = Array(fleet.names.indices)
            let began = Clock.now()
            let filled = try fill(fleet)
            let fillSeconds = Double(Clock.now() - began) / 1e9
            Report.say("\(revocations) revocations in \(Int(fillSeconds)) s (\(Int(Double(revocations) / fillSeconds)) a second)")

            let writer = Writer(fleet.sockets)
            defer { writer.finish() }
            let slot = fleet.names.count
            let bytes = fleet.size(founders[0])
            let rate = link ?? max(Self.slowestLink, bytes / 125 / Self.transferSeconds)
            try network.limit(to: slot, kilobitsPerSecond: rate)
            Report.say("\(bytes / 1_000_000) MB of state over a link of \(rate / 1000) Mbit/s")
            let joined = Clock.now()
            try fleet.addWithoutWaiting()
            var terminal = JoinerTerminal(path: fleet.log(slot), name: fleet.names[slot])

            let atJoinersKill = try awaitProgress(30, &terminal, fleet, slot)
            fleet.end(slot, by: SIGKILL)
            Report.say("kill -9 of the joiner at \(atJoinersKill)")
            try fleet.start(slot)
            let resumed = try terminal.awaitProgress(seconds: 120) { $0.bytes > 0 }
            Report.say("it went on from byte \(resumed.bytes) of snapshot \(resumed.index)")

            let atLeadersKill = try awaitProgress(max(55, resumed.percent + 5), &terminal, fleet, slot)
            let leader = fleet.leader(askedOf: founders)
            if let leader { fleet.end(leader, by: SIGKILL) }
            Report.say("kill -9 of the leader, \(leader.map { fleet.names[$0] } ?? "nobody"), at \(atLeadersKill)")
            // The next leader makes a snapshot of its own, of a later state, and what is there of the former one is of no use.
            let underNextLeader = try? terminal.awaitProgress(seconds: 120) {
                $0.bytes > 0 && ($0.index != atLeadersKill.index || $0.bytes > atLeadersKill.bytes + (4 << 20))
            }
            if let leader {
                try fleet.start(leader)
                try fleet.awaitReady(leader, seconds: 600)
            }
            try network.limit(to: slot, kilobitsPerSecond: 0)
            try fleet.awaitReady(slot, seconds: 600)
            let took = Double(Clock.now() - joined) / 1e9
            terminal.showNews()
            writer.finish()

            try fleet.awaitEqualIndexes(seconds: 120)
            let during = writer.revoked
            let answers = try AnswerComparison(fleet, tokens: filled.map(\.token) + during, positions: filled.map(\.revocation))
            let service = try servesChanges(fleet, slot)
            let files = try fleet.compareStateFiles()
            for difference in (answers.differences + files.differences).prefix(20) { Report.say(difference) }
            let inTheMiddle = [atJoinersKill, atLeadersKill].allSatisfy { Self.middle.contains($0.percent) } && leader != nil
            let hasResumed = resumed.index == atJoinersKill.index && resumed.bytes >= atJoinersKill.bytes
            let isGood = inTheMiddle && hasResumed && answers.differences.isEmpty && service && files.differences.isEmpty && !during.isEmpty
            Report.show([
                ("revocations", "\(revocations)"), ("filled in", "\(Int(fillSeconds)) s"), ("join by snapshot took", "\(Int(took)) s"),
                ("joiner killed at", "\(atJoinersKill)"), ("went on from byte", "\(resumed.bytes)\(hasResumed ? "" : ", which is no resumption")"),
                ("leader killed at", "\(atLeadersKill)"),
                ("then, under the next leader", underNextLeader.map { "\($0)" } ?? "nothing for two minutes"), ("revoked meanwhile", "\(during.count)"),
                ("tokens asked about on every member", "\(filled.count + during.count)"),
                ("lists compared on every member", "\(answers.pages) pages, \(answers.listed) revocations"),
                ("answers that differ", "\(answers.differences.count)"), ("the joiner revokes and is heard", "\(service)"),
                ("state files", "\(files.rows) rows each, \(files.differences.count) differences"),
                ("verdict", isGood ? "good" : "BAD"),
            ], asJSON: common.json)
            return isGood
        }
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
                    if let token { samples.add(Record.Revoked(token: token, revocation: revoked, acknowledged: Clock.now())) }
                    if next % 100_000 == 0 { Report.say("\(next) revocations") }
                }
            }
        }
        for thread in threads { thread.wait() }
        return samples.all
    }

    /// Waits until the joiner's terminal says so much or more.
    private func awaitProgress(_ percent: Int, _ terminal: inout JoinerTerminal, _ fleet: Fleet, _ slot: Int) throws -> TransferProgress {
        try terminal.awaitProgress(seconds: 300) { $0.percent >= percent || fleet.isReady(slot) }
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

/// Goes on revoking while a member joins, through whichever member answers.
final class Writer {
    private let stop = StopFlag()
    private let gathered = Gathered<TrackedToken>()
    private let thread: DispatchSemaphore
    private var hasEnded = false

    init(_ sockets: [String]) {
        let (stop, gathered) = (stop, gathered)
        thread = Threads.start {
            let clients = sockets.map(UnixHTTPClient.init)
            var turn = 0
            while !stop.isSet {
                turn += 1
                let client = clients[turn % clients.count]
                if let token = client.mintOnce(), client.revokeOnce(token.id) != nil { gathered.add(token) }
                Clock.pause(seconds: 0.01)
            }
        }
    }

    /// Those whose revocation was acknowledged.
    var revoked: [TrackedToken] { gathered.all }

    func finish() {
        guard !hasEnded else { return }
        hasEnded = true
        stop.set()
        thread.wait()
    }
}

extension UnixHTTPClient {
    func mintOnce() -> TrackedToken? {
        call("POST", "/1.0/tokens", ["subject": "chaos", "scopes": ["read"], "expires_in": 86_400], seconds: 5)?.metadata.token
    }

    /// Returns the revocation's id.
    func revokeOnce(_ tokenID: String) -> String? {
        let reply = call("POST", "/1.0/revocations", ["token_id": .string(tokenID), "wait": "committed"], seconds: 10)
        return reply.flatMap { $0.status < 300 ? $0.metadata["id"]?.stringValue : nil }
    }

    /// For a cluster to which nothing is done: asks until it is answered.
    func mint() -> TrackedToken { retrying(mintOnce) }
    func revoke(_ tokenID: String) -> String { retrying { revokeOnce(tokenID) } }

    private func retrying<Value>(_ attempt: () -> Value?) -> Value {
        while true {
            if let value = attempt() { return value }
            Clock.pause(seconds: 0.05)
        }
    }

    /// `accepted`, or why not.
    func verdict(on token: TrackedToken) -> String {
        let answer = call("POST", "/1.0/tokens/verify", ["token": .string(token.text)], seconds: 10)?.metadata
        return answer?["valid"]?.boolValue == true ? "accepted" : answer?["reason"]?.stringValue ?? "no answer"
    }
}
