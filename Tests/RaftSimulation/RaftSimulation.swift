import Glibc
import Raft

@main
enum RaftSimulation {
    /// A campaign of so many seeds that reaches a landmark never has lost sight of it.
    static let landmarkSeedsMin = 2_000

    static func main() async {
        let options: Options
        do throws(UsageError) {
            options = try Options(Array(CommandLine.arguments.dropFirst()))
        } catch {
            print("\(error.text)\n\(Options.usage)")
            exit(2)
        }
        TrapReport.install()
        let isClean: Bool
        if let seed = options.replay {
            isClean = replay(seed, options)
        } else if options.runsAllMutants {
            isClean = await MutantTable(options).run()
        } else {
            isClean = await runSeeds(options)
        }
        exit(isClean ? 0 : 1)
    }

    private static func replay(_ seed: UInt64, _ options: Options) -> Bool {
        TrapReport.running(seed, on: 0)
        if options.shrinks { return shrink(seed, options) }
        var listed: [FaultEvent]?
        if let keep = options.restriction.keep {
            let world = World(seed: seed, mutant: options.mutant)
            _ = world.outcome()
            listed = world.faults.recorded.filter { keep.contains($0.number) }
        }
        let world = World(
            seed: seed, mutant: options.mutant, traces: options.traces, restriction: options.restriction, faults: listed)
        let violation = world.outcome()
        print(violation.map { "seed \(seed) \($0)" } ?? "seed \(seed) clean")
        print("steps \(world.steps), faults \(listed?.count ?? world.faults.recorded.count), trace \(String(world.tracer.value, radix: 16))")
        return violation == nil
    }

    private static func shrink(_ seed: UInt64, _ options: Options) -> Bool {
        guard var shrinker = Shrinker(seed: seed, mutant: options.mutant) else {
            print("seed \(seed) clean")
            return true
        }
        let before = shrinker.events.count
        guard shrinker.shrink() else {
            print("  its faults, replayed from the list, do not break it again")
            return false
        }
        let events = shrinker.keptEvents
        print("  shrunk in \(shrinker.runs) runs from \(before) faults to \(events.count): \(shrinker.violation)")
        for event in events { print("    \(event)") }
        print("  replay: \(replayLine(seed, options.mutant, shrinker.restriction))")
        return false
    }

    private static func replayLine(_ seed: UInt64, _ mutant: Mutant?, _ restriction: Restriction = .none) -> String {
        let mutant = mutant.map { " --mutant \($0.rawValue)" } ?? ""
        return "RaftSimulation --seed \(seed)\(mutant)\(restriction.options) --trace"
    }

    private static func runSeeds(_ options: Options) async -> Bool {
        let start = ContinuousClock.now
        let campaign = Campaign(
            first: options.first, seeds: options.seeds ?? (options.minutes > 0 ? 0 : 200), atLeast: .seconds(60 * options.minutes),
            mutant: options.mutant, workers: options.workers, violationsMax: options.violationsMax, showsProgress: true)
        let result = await campaign.run()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        for violation in result.violations {
            print(violation.report)
            print("  replay: \(replayLine(violation.seed, options.mutant))")
            if options.shrinks { _ = shrink(violation.seed, options) }
        }
        for landmark in Reached.Landmark.allCases { print("  \(landmark): \(result.reached.count(landmark))") }
        let rate = Int(Double(result.steps) / seconds)
        print("\(result.seeds) seeds, \(result.steps) steps, \(Int(Double(result.seeds) / seconds)) seeds/s, "
            + "\(rate / options.workers) steps/s per core, \(result.violations.count) violations")
        if result.seeds >= landmarkSeedsMin, options.mutant == nil, !result.reached.missing.isEmpty {
            print("never reached: \(result.reached.missing)")
            return false
        }
        return result.violations.isEmpty
    }
}
