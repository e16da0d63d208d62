import ArgumentParser
import HistoryChecker

struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judges a history.jsonl of an earlier run again. Processes, logs and state files are not in it.")

    @Argument(help: "The history.") var file: String

    @Option(help: "How many milliseconds a fault may still show after its members have recovered.")
    var grace = HistoryJudgement.usualGrace / 1_000_000

    @Option(help: "The promise, in milliseconds; a smaller one shows how close to it the run came.")
    var bound = HistoryJudgement.usualBound / 1_000_000

    func run() throws {
        guard max(grace, bound) <= 1_000_000 else { throw ChaosError(description: "--grace and --bound must be at most 1000000") }
        let history = HistoryJudgement(try HistoryFile.read(file), bound: bound * 1_000_000, grace: grace * 1_000_000)
        let verdict = Verdict(history: history)
        Report.show(HistoryReport.rows(history) + [verdict.rows.last].compactMap { $0 }, asJSON: false)
        for example in HistoryReport.examples(history) { Report.say(example) }
        guard verdict.isGood else { throw ExitCode(1) }
    }
}
