import ArgumentParser
import HistoryChecker

struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judges a history.jsonl of an earlier run again. Processes, logs and state files are not in it.")

    @Argument(help: "The history.") var file: String

    func run() throws {
        let history = HistoryJudgement(try HistoryFile.read(file))
        let verdict = Verdict(history: history)
        Report.show(HistoryReport.rows(history) + [verdict.rows.last].compactMap { $0 }, asJSON: false)
        for example in HistoryReport.examples(history) { Report.say(example) }
        guard verdict.isGood else { throw ExitCode(1) }
    }
}
