import Raft

/// The ack mark's two slots, written by turns as in `AckMarkFile`: a torn one leaves the other.
struct MarkSlots {
    private var slots: [(sequence: Int, mark: AckMark)?] = [nil, nil]

    private var newest: (sequence: Int, mark: AckMark)? { slots.compactMap { $0 }.max { $0.sequence < $1.sequence } }

    private var next: Int { (newest?.sequence ?? 0) + 1 }

    var mark: AckMark? { newest?.mark }

    mutating func write(_ mark: AckMark) {
        guard mark != self.mark else { return }
        let sequence = next
        slots[sequence % 2] = (sequence, mark)
    }

    /// Power goes while the next one is written.
    mutating func tear() { slots[next % 2] = nil }
}
