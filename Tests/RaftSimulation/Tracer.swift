import Raft

/// Folds a run into one number, so that two runs of one seed can be compared (L4), and prints it when asked.
final class Tracer {
    private var hash = Hash()
    private let prints: Bool

    init(prints: Bool) { self.prints = prints }

    var value: UInt64 { hash.value }

    func record(_ now: Int, _ member: Member, _ output: RaftOutput) {
        hash.mix(UInt64(now) << 8 | UInt64(member.slot))
        hash.mix(member.term.rawValue << 32 ^ member.commit.rawValue)
        hash.mix(UInt64(output.messages.count) << 32 ^ member.lastIndex.rawValue)
        guard prints else { return }
        for event in output.events { print("\(now) member \(member.slot): \(event)") }
        for operation in output.storage { print("\(now) member \(member.slot): disk \(summary(operation))") }
        for message in output.messages {
            print("\(now) member \(member.slot) -> \(message.to.slot) term \(message.term): \(summary(message.body))")
        }
        for work in output.snapshots { print("\(now) member \(member.slot): \(work)") }
        if !output.committed.isEmpty { print("\(now) member \(member.slot): committed \(output.committed.map(\.position))") }
    }

    /// The detail is described only where it is printed.
    func note(_ now: Int, _ slot: Int, _ text: StaticString, _ detail: @autoclosure () -> any CustomStringConvertible = "") {
        hash.mix(UInt64(now) << 16 ^ UInt64(slot))
        if prints { print("\(now) member \(slot): \(text)\(detail())") }
    }

    private func summary(_ operation: StorageOperation) -> String {
        var parts = ["op \(operation.id)"]
        if let snapshot = operation.install { parts.append("install \(snapshot.position)") }
        if let base = operation.base { parts.append("cut at \(base.position)") }
        if let state = operation.hardState { parts.append("term \(state.term) vote \(state.vote.map { "\($0.slot)" } ?? "none")") }
        if let index = operation.truncateFrom { parts.append("truncate from \(index)") }
        if !operation.entries.isEmpty { parts.append("append \(operation.entries.map(\.position))") }
        return parts.joined(separator: ", ")
    }

    private func summary(_ body: Message.Body) -> String {
        guard case .append(let request) = body else { return "\(body)" }
        return "append after \(request.previous) \(request.entries.map(\.position)) commit \(request.commit)"
    }
}
