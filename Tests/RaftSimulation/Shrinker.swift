import Raft

/// Reduces a violation to what it needs, keeping the invariant that breaks (docs/consensus.md §12): a shorter
/// run, fewer features, fewer members, fewer faults.
struct Shrinker {
    /// Runs spent on one violation at most.
    static let runsMax = 1500

    private let seed: UInt64
    private let mutant: Mutant?
    private let invariant: String
    private(set) var events: [FaultEvent]
    private(set) var restriction = Restriction(keep: [])
    private(set) var violation: Violation
    private(set) var runs = 0

    /// nil when the seed is clean.
    init?(seed: UInt64, mutant: Mutant?) {
        self.seed = seed
        self.mutant = mutant
        let world = World(seed: seed, mutant: mutant)
        guard let violation = world.outcome() else { return nil }
        invariant = violation.invariant
        self.violation = violation
        events = world.faults.recorded
        restriction.keep = events.map(\.number)
    }

    var keptEvents: [FaultEvent] { events.filter { restriction.keep?.contains($0.number) ?? true } }

    /// False when the recorded faults alone do not break the invariant again.
    mutating func shrink() -> Bool {
        guard breaks(restriction) else { return false }
        var before: (Int, Int, Int?)
        repeat {
            before = (restriction.without.count, keptEvents.count, restriction.until)
            cutHorizon()
            turnFeaturesOff()
            dropMembers()
            deleteFaults()
        } while before != (restriction.without.count, keptEvents.count, restriction.until) && runs < Self.runsMax
        return true
    }

    private mutating func breaks(_ candidate: Restriction) -> Bool {
        guard runs < Self.runsMax else { return false }
        runs += 1
        let kept = events.filter { candidate.keep?.contains($0.number) ?? true }
        let world = World(seed: seed, mutant: mutant, restriction: candidate, faults: kept)
        guard let violation = world.outcome(), violation.invariant == invariant else { return false }
        self.violation = violation
        restriction = candidate
        return true
    }

    private mutating func attempt(_ change: (inout Restriction) -> Void) {
        var candidate = restriction
        change(&candidate)
        _ = breaks(candidate)
    }

    private mutating func cutHorizon() {
        let end = restriction.until ?? Int.max
        let tick = violation.tick + 1
        if tick < end { attempt { $0.until = tick } }
        // One that shows only after the faults have ended: end them earlier.
        for eighths in [1, 2, 4, 6, 7] {
            let shorter = min(tick, restriction.until ?? tick) * eighths / 8
            if shorter > 0, shorter < restriction.until ?? Int.max { attempt { $0.until = shorter } }
        }
        let until = restriction.until ?? Int.max
        let useful = keptEvents.filter { $0.tick < until }.map(\.number)
        if useful.count < keptEvents.count { attempt { $0.keep = useful } }
    }

    private mutating func turnFeaturesOff() {
        for feature in Restriction.Feature.allCases where !restriction.without.contains(feature) {
            attempt { $0.without.append(feature) }
        }
    }

    private mutating func dropMembers() {
        for count in 0..<(restriction.spares ?? 2) { attempt { $0.spares = count } }
        for count in 1..<(restriction.voters ?? 7) { attempt { $0.voters = count } }
    }

    /// Zeller's ddmin: halves, then quarters, and so on down to single faults.
    private mutating func deleteFaults() {
        var pieces = 2
        while let kept = restriction.keep, !kept.isEmpty, runs < Self.runsMax {
            let size = (kept.count + pieces - 1) / pieces
            var isSmaller = false
            for start in stride(from: 0, to: kept.count, by: size) {
                let rest = Array(kept[..<start] + kept[min(start + size, kept.count)...])
                var candidate = restriction
                candidate.keep = rest
                if breaks(candidate) {
                    isSmaller = true
                    break
                }
            }
            if isSmaller {
                pieces = max(2, pieces - 1)
            } else {
                if size == 1 { return }
                pieces = min(kept.count, pieces * 2)
            }
        }
    }
}
