import Glibc
import Raft

@main
enum RaftSimulation {
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
            isClean = await runMutants(options)
        } else {
            isClean = await runSeeds(options)
        }
        exit(isClean ? 0 : 1)
    }

    private static func replay(_ seed: UInt64, _ options: Options) -> Bool {
        TrapReport.running(seed, on: 0)
        let result = runSeed(seed, mutant: options.mutant, traces: options.traces).result
        print(result.invariant == nil ? "seed \(seed) clean" : result.report)
        print("steps \(result.steps), trace \(String(result.trace, radix: 16))")
        return result.invariant == nil
    }

    private static func runSeeds(_ options: Options) async -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        let result = await runCampaign(
            first: options.first, count: options.seeds, mutant: options.mutant, workers: options.workers, violationsMax: 5)
        let seconds = Double((clock.now - start).components.attoseconds) / 1e18 + Double((clock.now - start).components.seconds)
        for violation in result.violations {
            print(violation.report)
            let mutant = options.mutant.map { " --mutant \($0.rawValue)" } ?? ""
            print("  replay: RaftSimulation --seed \(violation.seed) --trace\(mutant)")
        }
        print("\(result.seeds) seeds, \(result.steps) steps, \(Int(Double(result.seeds) / seconds)) seeds/s, "
            + "\(Int(Double(result.steps) / seconds)) steps/s, \(result.violations.count) violations")
        for landmark in Reached.Landmark.allCases { print("  \(landmark): \(result.reached.count(landmark))") }
        if options.seeds >= 2000, !result.reached.missing.isEmpty {
            print("never reached: \(result.reached.missing)")
            return false
        }
        return result.violations.isEmpty
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// A simulation that misses a bug others really had is not worth running.
    private static func runMutants(_ options: Options) async -> Bool {
        var survivors: [Mutant] = []
        print("mutant (consensus.md §13): seeds until it was caught for the first, second and third time, and the invariant")
        for mutant in Mutant.allCases {
            let result = await runCampaign(
                first: options.first, count: options.seeds, mutant: mutant, workers: options.workers, violationsMax: 3)
            if result.violations.isEmpty { survivors.append(mutant) }
            // How many seeds until it was caught, and caught again, and by what.
            let kills = result.violations.map { "\($0.seed - options.first + 1) \($0.invariant ?? "")" }
            let verdict = kills.isEmpty ? "SURVIVED \(result.seeds) seeds" : kills.joined(separator: ", ")
            print("\(mutant.rawValue) \(padded("\(mutant)", to: 32)) \(verdict)")
        }
        print(survivors.isEmpty ? "all mutants caught" : "survivors: \(survivors.map(\.rawValue))")
        return survivors.isEmpty
    }
}
