import HistoryChecker
import Synchronization

/// What is done to whom, as lines of the history; and whose wall clock is wrong at the moment.
final class Trouble: Sendable {
    /// Faults come one after the other, as the calls of one client do.
    private static let process = -1

    private let record: Record
    private let clocksFaked = Mutex<Set<Int>>([])
    private let recovery = Mutex<UInt64>(0)

    init(_ record: Record) { self.record = record }

    func begin(_ kind: FaultKind, _ what: String, _ members: [Int]) -> HistoryEvent {
        let fault = HistoryEvent(
            process: Self.process, function: .fault, key: kind.rawValue, input: members.map(String.init).joined(separator: " "),
            output: what, kind: .invoke, invoked: Clock.now())
        record.note(fault)
        return fault
    }

    /// - Parameter undone: when the fault was; since then its members have recovered.
    func end(_ begun: HistoryEvent, undone: UInt64) {
        var fault = begun
        let now = Clock.now()
        fault.kind = .ok
        fault.returned = now
        record.note(fault)
        recovery.withLock { $0 = max($0, now - undone) }
    }

    /// The longest that members took to recover after a fault had been undone, in nanoseconds.
    var slowestRecovery: UInt64 { recovery.withLock { $0 } }

    func fakeClock(of member: Int, _ isFaked: Bool) {
        clocksFaked.withLock { if isFaked { $0.insert(member) } else { $0.remove(member) } }
    }

    func hasFakeClock(_ member: Int) -> Bool { clocksFaked.withLock { $0.contains(member) } }
}
