import Glibc
import Raft

/// Runs the deliberate bugs. A simulation that misses a bug others really had is not worth running.
struct MutantTable {
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() async -> Bool {
        var failures: [Mutant] = []
        print("mutant (docs/consensus.md §13), seen in, class: seeds until the first and third kill, invariants")
        for mutant in Mutant.allCases where options.mutant == nil || options.mutant == mutant {
            if await !run(mutant) { failures.append(mutant) }
        }
        print(failures.isEmpty ? "all mutants caught" : "not caught as they should be: \(failures.map(\.rawValue))")
        return failures.isEmpty
    }

    private func run(_ mutant: Mutant) async -> Bool {
        let record = MutantRecord.of(mutant)
        let seeds = min(options.seeds ?? .max, record.seedsMax)
        let result = await Campaign(
            first: options.first, seeds: seeds, mutant: mutant, workers: options.workers, violationsMax: 3).run()
        let kills = result.violations.map { Int($0.seed - options.first) + 1 }
        let invariants = Set(result.violations.compactMap(\.violation?.invariant))
        let isIntended = !invariants.isDisjoint(with: record.invariants)
        let isCaught = record.isScripted ? isCaughtByScript(mutant) : kills.count >= 3 && isIntended
        let seen = kills.isEmpty ? "no kill in \(result.seeds)" : "\(kills[0])/\(kills.count > 2 ? "\(kills[2])" : "-")"
        let verdict = isCaught ? (record.isScripted ? "(by script)" : "") : isIntended ? "TOO FEW" : "SURVIVED, expected \(record.invariants)"
        print("\(mutant.rawValue) \(padded("\(mutant)", to: 32)) \(padded(record.seenIn, to: 34)) \(record.grade.rawValue) "
            + "\(padded(seen, to: 12)) \(invariants.sorted().joined(separator: " ")) \(verdict)")
        fflush(nil)
        return isCaught
    }

    /// The script must tell the bug from its absence.
    private func isCaughtByScript(_ mutant: Mutant) -> Bool {
        do throws(RestoreError) {
            let isKept = try ScriptedCases.isKept(mutant, with: nil)
            let isBroken = try !ScriptedCases.isKept(mutant, with: mutant)
            return isKept && isBroken
        } catch { return false }
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
