/// A follower's reads that its leader has been asked to confirm.
struct ForwardedReads: Sendable {
    private struct Pending: Sendable {
        let token: UInt64
        let id: UInt64
        let deadline: UInt64
    }

    /// Ascending by token and by deadline.
    private var pending: [Pending] = []
    private var nextToken: UInt64

    /// `nonce` differs between any two runs of a member, so that an answer meant for the run before a restart
    /// is never taken for an answer to a question asked after it.
    init(nonce: UInt64) { nextToken = nonce }

    var count: Int { pending.count }

    mutating func add(id: UInt64, deadline: UInt64) -> UInt64 {
        defer { nextToken &+= 1 }
        pending.append(Pending(token: nextToken, id: id, deadline: deadline))
        return nextToken
    }

    /// The read that `token` was made for, once.
    mutating func take(token: UInt64) -> UInt64? {
        guard let slot = pending.firstIndex(where: { $0.token == token }) else { return nil }
        return pending.remove(at: slot).id
    }

    mutating func expire(at now: UInt64) -> [UInt64] {
        let count = pending.firstIndex { $0.deadline > now } ?? pending.count
        defer { pending.removeFirst(count) }
        return pending.prefix(count).map(\.id)
    }

    mutating func fail() -> [UInt64] {
        defer { pending = [] }
        return pending.map(\.id)
    }
}
