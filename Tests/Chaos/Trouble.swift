import Foundation

/// When each member had something done to it, so that its refusals can be judged.
final class Trouble: @unchecked Sendable {  // every access holds `lock`
    private struct Span {
        let members: Set<Int>
        let from: UInt64
        var to: UInt64?
    }

    /// How long a fault may show after it has ended: the freshness bound, an election, and a start.
    static let aftermath: UInt64 = 9_000_000_000

    private let lock = NSLock()
    private var spans: [Span] = []
    private var clockFaked: Set<Int> = []

    func begin(_ members: [Int]) -> Int {
        lock.withLock {
            spans.append(Span(members: Set(members), from: Clock.now(), to: nil))
            return spans.count - 1
        }
    }

    func end(_ span: Int) { lock.withLock { spans[span].to = Clock.now() } }

    /// Whether anything was being done to the member, or had just been, at some time in the interval.
    func touched(_ member: Int, from: UInt64, to: UInt64) -> Bool {
        lock.withLock {
            spans.contains { span in
                span.members.contains(member) && span.from <= to && (span.to.map { $0 + Self.aftermath } ?? .max) >= from
            }
        }
    }

    func fakeClock(of member: Int, _ isFaked: Bool) {
        lock.withLock { if isFaked { clockFaked.insert(member) } else { clockFaked.remove(member) } }
    }

    func hasFakeClock(_ member: Int) -> Bool { lock.withLock { clockFaked.contains(member) } }
}
