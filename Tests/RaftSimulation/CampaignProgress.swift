import Glibc
import Synchronization

/// Hands out seeds to the workers until both bounds are reached, and says on a terminal how far they are.
final class CampaignProgress: Sendable {
    private let campaign: Campaign
    private let start = ContinuousClock.now
    private let isShown: Bool
    private let next = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let steps = Atomic<Int>(0)
    private let found = Atomic<Int>(0)
    /// The second that was last shown.
    private let shownAt = Atomic<Int>(0)

    init(_ campaign: Campaign) {
        self.campaign = campaign
        isShown = campaign.showsProgress && isatty(STDERR_FILENO) == 1
    }

    func take() -> UInt64? {
        guard found.load(ordering: .relaxed) < campaign.violationsMax else { return nil }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < campaign.seeds || ContinuousClock.now - start < campaign.atLeast else { return nil }
        return campaign.first + UInt64(number)
    }

    func ran(steps count: Int, isClean: Bool) {
        if !isClean { found.wrappingAdd(1, ordering: .relaxed) }
        done.wrappingAdd(1, ordering: .relaxed)
        steps.wrappingAdd(count, ordering: .relaxed)
        if isShown { show() }
    }

    private func show() {
        let second = Int((ContinuousClock.now - start).components.seconds)
        let last = shownAt.load(ordering: .relaxed)
        guard second > last, shownAt.compareExchange(expected: last, desired: second, ordering: .relaxed).exchanged else { return }
        let (seeds, total) = (done.load(ordering: .relaxed), steps.load(ordering: .relaxed))
        write("\r\(seeds) seeds, \(total / 1_000_000) million steps, \(seeds / second) seeds/s, \(second) s ")
    }

    func clear() { if isShown { write("\r\u{1b}[K") } }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, &bytes, bytes.count)
    }
}
