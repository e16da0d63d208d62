import Raft
import Synchronization

/// The outcome of one seed.
struct RunResult: Sendable {
    let seed: UInt64
    let invariant: String?
    let report: String
    let steps: Int
    let trace: UInt64
}

func runSeed(_ seed: UInt64, mutant: Mutant? = nil, traces: Bool = false) -> (result: RunResult, reached: Reached) {
    let world = World(seed: seed, mutant: mutant, traces: traces)
    var violation: Violation?
    do throws(Violation) { try world.run() } catch { violation = error }
    let report = violation.map { "seed \(seed) invariant \($0.invariant) tick \($0.tick): \($0.detail)" } ?? ""
    let result = RunResult(
        seed: seed, invariant: violation?.invariant, report: report, steps: world.steps, trace: world.tracer.value)
    return (result, world.reached)
}

/// What a range of seeds came to.
struct CampaignResult: Sendable {
    var seeds = 0
    var steps = 0
    var violations: [RunResult] = []
    var reached = Reached()

    mutating func add(_ other: CampaignResult) {
        seeds += other.seeds
        steps += other.steps
        violations += other.violations
        reached.add(other.reached)
    }
}

/// Hands out seeds to the workers, and remembers who runs which so that a trap can be traced to its seed.
final class SeedCounter: Sendable {
    private let first: UInt64
    private let count: Int
    private let violationsMax: Int
    private let next = Atomic<Int>(0)
    private let found = Atomic<Int>(0)

    init(first: UInt64, count: Int, violationsMax: Int) {
        self.first = first
        self.count = count
        self.violationsMax = violationsMax
    }

    func take() -> UInt64? {
        guard found.load(ordering: .relaxed) < violationsMax else { return nil }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? first + UInt64(number) : nil
    }

    func noteViolation() { found.wrappingAdd(1, ordering: .relaxed) }
}

/// Runs seeds from `first` on, on `workers` threads, until `count` are done or `violationsMax` are found.
func runCampaign(
    first: UInt64, count: Int, mutant: Mutant?, workers: Int, violationsMax: Int
) async -> CampaignResult {
    let counter = SeedCounter(first: first, count: count, violationsMax: violationsMax)
    return await withTaskGroup(of: CampaignResult.self) { group in
        for worker in 0..<workers {
            group.addTask { runWorker(worker, counter: counter, mutant: mutant) }
        }
        var total = CampaignResult()
        for await part in group { total.add(part) }
        total.violations.sort { $0.seed < $1.seed }
        return total
    }
}

private func runWorker(_ worker: Int, counter: SeedCounter, mutant: Mutant?) -> CampaignResult {
    var result = CampaignResult()
    while let seed = counter.take() {
        TrapReport.running(seed, on: worker)
        let (run, reached) = runSeed(seed, mutant: mutant)
        result.seeds += 1
        result.steps += run.steps
        result.reached.add(reached)
        if run.invariant != nil {
            result.violations.append(run)
            counter.noteViolation()
        } else if seed % 64 == 0, let difference = replayDifference(of: run, mutant: mutant) {
            result.violations.append(difference)
            counter.noteViolation()
        }
    }
    return result
}

/// L4: the same seed twice is the same run.
private func replayDifference(of run: RunResult, mutant: Mutant?) -> RunResult? {
    let again = runSeed(run.seed, mutant: mutant).result
    guard again.trace != run.trace else { return nil }
    return RunResult(
        seed: run.seed, invariant: "L4", report: "seed \(run.seed) invariant L4: two runs, two traces", steps: 0, trace: 0)
}
