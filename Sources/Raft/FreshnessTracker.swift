/// One member's questions about how current it is, and what their answers prove (docs/consensus.md §5).
///
/// A question notes this member's own clock before it leaves. Its answer, a read index confirmed by a round that
/// began after the leader received it, covers all that was committed before; once that index is applied, the
/// state was current at the noted moment. When an answer *arrives* proves nothing: it may be old.
///
/// Instants are nanoseconds of the member's own clock. Nothing here reads it.
package struct FreshnessTracker: Sendable {
    private struct Question: Sendable {
        let id: UInt64
        let askedAt: UInt64
    }

    private struct Proof: Sendable {
        let index: LogIndex
        let asOf: UInt64
    }

    /// Questions and proofs older than this prove nothing that matters.
    package static let ageMaxNanoseconds: UInt64 = 30_000_000_000
    /// At ten questions per bound and the shortest bound there are far fewer; more are not kept.
    package static let questionsMax = 1_024

    private var questions: [Question] = []
    private var proofs: [Proof] = []
    package private(set) var lastAskedAt: UInt64?

    package init() {}

    /// To be called before the question leaves.
    package mutating func asked(_ id: UInt64, at now: UInt64) {
        lastAskedAt = now
        if questions.count >= Self.questionsMax { questions.removeFirst() }
        questions.append(Question(id: id, askedAt: now))
    }

    /// Whether the question was one of these. Each is answered once.
    package mutating func confirmed(_ id: UInt64, at index: LogIndex) -> Bool {
        guard let slot = questions.firstIndex(where: { $0.id == id }) else { return false }
        if proofs.count >= Self.questionsMax { proofs.removeFirst() }
        proofs.append(Proof(index: index, asOf: questions.remove(at: slot).askedAt))
        return true
    }

    package mutating func failed(_ id: UInt64) {
        questions.removeAll { $0.id == id }
    }

    /// The newest instant proved by what is applied now; nil when nothing new is.
    package mutating func takeProof(applied: LogIndex) -> UInt64? {
        let newest = proofs.filter { $0.index <= applied }.map(\.asOf).max()
        if newest != nil { proofs.removeAll { $0.index <= applied } }
        return newest
    }

    package mutating func expire(at now: UInt64) {
        questions.removeAll { now >= $0.askedAt && now - $0.askedAt >= Self.ageMaxNanoseconds }
        proofs.removeAll { now >= $0.asOf && now - $0.asOf >= Self.ageMaxNanoseconds }
    }

    /// Ask again at once: there is a new leader.
    package mutating func askSoon() { lastAskedAt = nil }

    /// An age measured over a jump of the clock may be too small, and so may that of a question asked before it.
    package mutating func distrustClock() {
        questions = []
        proofs = []
        lastAskedAt = nil
    }
}
