import Raft

/// The outcome of one seed.
struct RunResult: Sendable {
    let seed: UInt64
    let violation: Violation?
    let steps: Int
    let trace: UInt64

    var report: String { violation.map { "seed \(seed) \($0)" } ?? "seed \(seed) clean" }
}

func runSeed(_ seed: UInt64, mutant: Mutant? = nil) -> (result: RunResult, reached: Reached) {
    let world = World(seed: seed, mutant: mutant)
    let violation = world.outcome()
    return (RunResult(seed: seed, violation: violation, steps: world.steps, trace: world.tracer.value), world.reached)
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

/// Which seeds to run, and until when.
struct Campaign: Sendable {
    var first: UInt64 = 1
    var seeds: Int
    /// It goes on past `seeds` for as long.
    var atLeast: Duration = .zero
    var mutant: Mutant?
    var workers: Int
    var violationsMax: Int
    var showsProgress = false

    /// On all workers. Violations come back in the order of their seeds.
    func run() async -> CampaignResult {
        let progress = CampaignProgress(self)
        return await withTaskGroup(of: CampaignResult.self) { group in
            for worker in 0..<workers {
                group.addTask { runSeeds(on: worker, progress) }
            }
            var total = CampaignResult()
            for await part in group { total.add(part) }
            progress.clear()
            total.violations.sort { $0.seed < $1.seed }
            return total
        }
    }

    private func runSeeds(on worker: Int, _ progress: CampaignProgress) -> CampaignResult {
        var result = CampaignResult()
        while let seed = progress.take() {
            TrapReport.running(seed, on: worker)
            let (run, reached) = runSeed(seed, mutant: mutant)
            result.seeds += 1
            result.steps += run.steps
            result.reached.add(reached)
            let violating = run.violation != nil ? run : seed % 64 == 0 ? replayDifference(of: run) : nil
            if let violating { result.violations.append(violating) }
            progress.ran(steps: run.steps, isClean: violating == nil)
        }
        return result
    }

    /// L4: the same seed twice is the same run.
    private func replayDifference(of run: RunResult) -> RunResult? {
        let again = runSeed(run.seed, mutant: mutant).result
        guard again.trace != run.trace else { return nil }
        let violation = Violation(invariant: "L4", tick: 0, detail: "two runs, two traces")
        return RunResult(seed: run.seed, violation: violation, steps: 0, trace: 0)
    }
}
