import ArgumentParser
import Foundation
import JOSE

struct Agree: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks two members at a time about many tokens, good and bad: do they ever differ in verdict or reason?")

    @OptionGroup var common: CommonOptions
    @Option(help: "How many tokens are asked about.") var tokens = 100_000

    func run() throws {
        try common.require(tokens > 0, "--tokens must be positive")
        try common.withFleet { fleet in
            var random = Randomness(seed: common.seed)
            let pool = try TokenPool(fleet, &random)
            try fleet.awaitEqualIndexes()
            let comparison = VerdictComparison(fleet.sockets)
            for number in 0..<tokens {
                let question = pool.question(&random)
                let first = random.below(fleet.names.count)
                let second = (first + 1 + random.below(fleet.names.count - 1)) % fleet.names.count
                try comparison.ask(question, of: (first, second))
                if number % 10_000 == 9_999 { Report.say("\(number + 1) asked, \(comparison.differences.count) differences") }
            }
            for slot in fleet.names.indices { fleet.noteUnexpectedExit(of: slot) }
            for difference in comparison.differences.prefix(20) { Report.say(difference) }
            let counts = comparison.counts.sorted { $0.value > $1.value }.map { ($0.key, "\($0.value)") }
            Report.show(
                [("tokens", "\(tokens)"), ("differences", "\(comparison.differences.count)"), ("asked again at the turn of a second", "\(comparison.repeats)"),
                 ("members that ended", fleet.unexpectedExits.isEmpty ? "none" : fleet.unexpectedExits.joined(separator: "; "))] + counts,
                asJSON: common.json)
            return comparison.differences.isEmpty && fleet.unexpectedExits.isEmpty && comparison.counts["valid"] ?? 0 > 0
        }
    }
}

/// One question about a token, as `POST /1.0/tokens/verify` takes it.
struct TokenQuestion {
    let token: String
    var scope: String?
    var audience: String?
    /// How the token came to be what it is, for a finding's text.
    let story: String

    var body: JSON {
        var body: JSONObject = ["token": .string(token)]
        body["scope"] = scope.map(JSON.string)
        body["audience"] = audience.map(JSON.string)
        return .object(body)
    }
}

/// Puts each question to two members and keeps where their answers differ.
final class VerdictComparison {
    private(set) var differences: [String] = []
    /// By reason; `valid` for the accepted.
    private(set) var counts: [String: Int] = [:]
    private(set) var repeats = 0
    private let connections: [UnixHTTPClient]

    /// The members' answers come one after the other, and a second may turn between.
    private static let attemptsMax = 3

    init(_ sockets: [String]) { connections = sockets.map(UnixHTTPClient.init) }

    func ask(_ question: TokenQuestion, of pair: (Int, Int)) throws {
        var seen: (String, String) = ("", "")
        for attempt in 0..<Self.attemptsMax {
            seen = (try answer(question, pair.0), try answer(question, pair.1))
            if seen.0 == seen.1 { break }
            if attempt + 1 < Self.attemptsMax { repeats += 1 }
        }
        if seen.0 != seen.1 { differences.append("\(question.story): \(pair.0) says \(seen.0), \(pair.1) says \(seen.1)") }
        let reason = (try? JSON(parsing: Array(seen.0.utf8)))?["reason"]?.stringValue ?? "valid"
        counts[reason, default: 0] += 1
    }

    /// All of the answer but where the member stands.
    private func answer(_ question: TokenQuestion, _ slot: Int) throws -> String {
        guard let reply = connections[slot].call("POST", "/1.0/tokens/verify", question.body, seconds: 10) else {
            throw ChaosError(description: "no answer about \(question.story)")
        }
        guard reply.status == 200, case .object(let answer) = reply.metadata else { return "status \(reply.status) \(reply.error)" }
        let kept = answer.members.filter { !["index", "age_ms"].contains($0.name) }
        return JSON.object(JSONObject(kept.map { ($0.name, $0.value) })).encodedString
    }
}
