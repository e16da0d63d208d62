/// What is on this member's disk, and which messages wait for it.
///
/// Operations complete in the order they were issued. A completion proves durable only what no later operation
/// has truncated, whether that one has completed or not (docs/consensus.md §1, the A-B-A race).
struct DiskLedger: Sendable {
    private struct Pending: Sendable {
        let operation: UInt64
        /// The last index that this operation makes durable; lowered by later truncations.
        var covers: LogIndex?
        let issuedAt: UInt64
    }

    private struct Held: Sendable {
        let operation: UInt64
        let message: Message
    }

    /// Every entry up to here is durable and will stay.
    private(set) var durable: LogIndex
    private(set) var nextOperation: UInt64 = 1
    private(set) var completed: UInt64 = 0
    /// The operation that makes the current term and vote durable.
    private(set) var hardStateOperation: UInt64 = 0
    private var pending: [Pending] = []
    private var held: [Held] = []

    init(durable: LogIndex) { self.durable = durable }

    /// Called before the operation `nextOperation`, which will carry the hard state, is issued.
    mutating func hardStateChanged() { hardStateOperation = nextOperation }

    /// Called before the operation `nextOperation`, which will carry the truncation, is issued.
    mutating func truncated(from index: LogIndex, lowersPending: Bool = true) {
        durable = min(durable, index.previous)
        guard lowersPending else { return }
        for slot in pending.indices {
            if let covers = pending[slot].covers { pending[slot].covers = min(covers, index.previous) }
        }
    }

    /// Numbers the operation that makes entries through `covers` durable.
    mutating func issue(covering covers: LogIndex?, at now: UInt64) -> UInt64 {
        defer { nextOperation += 1 }
        pending.append(Pending(operation: nextOperation, covers: covers, issuedAt: now))
        return nextOperation
    }

    /// The operation that must complete before an entry counts as durable: nil when it already is.
    func operation(covering index: LogIndex) -> UInt64? {
        guard index > durable else { return nil }
        for entry in pending {
            if let covers = entry.covers, covers >= index { return entry.operation }
        }
        return nextOperation  // staged by this very step
    }

    /// How long the oldest log write has been on its way, in ticks.
    func oldestWriteAge(at now: UInt64) -> UInt64 {
        for entry in pending where entry.covers != nil { return now - entry.issuedAt }
        return 0
    }

    func isComplete(_ operation: UInt64) -> Bool { operation <= completed }

    /// While a disk hangs, peers ask the same again and again; each answer is held once, and of
    /// heartbeat answers the newest only, which covers the rounds before it.
    mutating func hold(_ message: Message, until operation: UInt64) {
        if held.contains(where: { $0.operation >= operation && $0.message == message }) { return }
        if case .heartbeatReply = message.body {
            held.removeAll { entry in
                guard case .heartbeatReply = entry.message.body else { return false }
                return entry.message.to == message.to
            }
        }
        held.append(Held(operation: operation, message: message))
    }

    /// A message of an older term is worth nothing now, and an acknowledgement among them could speak of
    /// entries that the new leader is about to replace.
    mutating func dropHeld(before term: Term) {
        held.removeAll { $0.message.term < term }
    }

    /// Takes note of completed operations and returns the messages that may leave now, in order.
    mutating func complete(upTo operation: UInt64) -> [Message] {
        completed = max(completed, operation)
        var count = 0
        while count < pending.count, pending[count].operation <= completed {
            if let covers = pending[count].covers { durable = max(durable, covers) }
            count += 1
        }
        pending.removeFirst(count)
        guard !held.isEmpty else { return [] }
        var released: [Message] = []
        held.removeAll { entry in
            guard entry.operation <= completed else { return false }
            released.append(entry.message)
            return true
        }
        return released
    }
}
