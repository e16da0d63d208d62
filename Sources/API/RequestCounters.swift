import Synchronization
import Tokens

/// How many requests were answered and tokens judged since the start, over all loops.
///
/// Atomic words that nobody waits for: they are only ever added to, and a reader may see one a moment before another.
final class RequestCounters: Sendable {
    private let byClass = (0..<5).map { _ in Counter() }
    private let accepted = Counter()
    private let refused = RejectionReason.allCases.map { _ in Counter() }
    private let refusedCalls = Counter()

    func answered(status: Int) {
        if (1...5).contains(status / 100) { byClass[status / 100 - 1].add() }
    }

    /// A token that somebody asked about, or acted by.
    func judged(_ verdict: Verdict) {
        switch verdict {
        case .accepted: accepted.add()
        case .rejected(let reason, _):
            if let position = RejectionReason.allCases.firstIndex(of: reason) { refused[position].add() }
        }
    }

    /// A call that needs a scope, by somebody who has not got it.
    func refusedCall() { refusedCalls.add() }

    var answersByClass: [(name: String, count: UInt64)] {
        byClass.enumerated().map { ("\($0.offset + 1)xx", $0.element.value) }
    }

    var acceptedCount: UInt64 { accepted.value }
    var refusedCallsCount: UInt64 { refusedCalls.value }

    var refusedByReason: [(name: String, count: UInt64)] {
        zip(RejectionReason.allCases, refused).map { ($0.rawValue, $1.value) }
    }

    private final class Counter: Sendable {
        private let count = Atomic<UInt64>(0)
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
        var value: UInt64 { count.load(ordering: .relaxed) }
    }
}
