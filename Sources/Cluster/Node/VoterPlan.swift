import Raft
import TrustStore

/// What a leader does next so that those vote who should, and those leave who are leaving. One step at a time, decided
/// anew from what is true then, so that a leader that takes over half-way goes on. Values in, values out.
///
/// No step may make a majority of those who would vote unreachable: the core refuses it too, and a plan that proposed it
/// would do nothing else for ever.
struct VoterPlan {
    struct Candidate: Equatable {
        var id: MemberID
        var role = RoleWish.automatic
        var isLeaving = false
        var isVoter: Bool
        /// This member.
        var isLeader = false
        /// Of a replica: it could vote now.
        var isCaughtUp = false
        /// Has answered this leader within an election timeout.
        var isActive = true
        /// Holds all that is committed.
        var isInStep = true
        /// How long nothing was heard of it, as far as this leader can tell.
        var silence: Duration = .zero

        fileprivate var maySupport: Bool { !isLeaving && role != .replica }
    }

    enum Step: Equatable {
        case promote(MemberID)
        case demote(MemberID)
        /// This leader is to vote no more: one that goes on voting leads first.
        case handOver(to: MemberID)
        /// It votes no more, and its record can go.
        case remove(MemberID)
    }

    /// The members on record, by id.
    let members: [Candidate]
    /// Voters that are on record no more.
    let strays: [MemberID]
    let votersMax: Int
    /// Nil when only operators change roles.
    let replaceAfter: Duration?
    /// Who was handed the leadership to last, and did not take it.
    var lastHeir: MemberID?

    func next() -> Step? {
        stray() ?? unwanted() ?? departed() ?? surplus() ?? missing() ?? replacement() ?? preferred()
    }

    private var voters: [Candidate] { members.filter(\.isVoter) }
    private var activeVoters: Int { voters.count(where: \.isActive) }
    private var votersCount: Int { voters.count + strays.count }

    private func stray() -> Step? {
        guard let stray = strays.first, canDemote(isActive: false) else { return nil }
        return .demote(stray)
    }

    /// Voters that are leaving, or that an operator has set to be replicas. Whoever takes the place comes first, so that
    /// no failure less is survived meanwhile.
    private func unwanted() -> Step? {
        let unwanted = voters.filter { !$0.maySupport }
        guard !unwanted.isEmpty else { return nil }
        let staying = voters.count - unwanted.count
        if staying < votersMax, let candidate = bestCandidate, votersCount < Configuration.votersMax { return .promote(candidate) }
        guard staying > 0 else { return nil }
        return demotion(of: unwanted)
    }

    private func departed() -> Step? {
        members.first { $0.isLeaving && !$0.isVoter && !$0.isLeader }.map { .remove($0.id) }
    }

    private func surplus() -> Step? {
        votersCount > votersMax ? demotion(of: voters) : nil
    }

    private func missing() -> Step? {
        votersCount < votersMax ? bestCandidate.map(Step.promote) : nil
    }

    /// The replica first; the voter that is away is then one too many, and the first to go.
    private func replacement() -> Step? {
        guard let replaceAfter, voters.contains(where: { !$0.isActive && $0.silence > replaceAfter }) else { return nil }
        return bestCandidate.map(Step.promote)
    }

    /// One that is to vote, in the place of one that need not.
    private func preferred() -> Step? {
        guard let candidate = bestCandidate, members.contains(where: { $0.id == candidate && $0.role == .voter }),
            voters.contains(where: { $0.role != .voter }) else { return nil }
        return .promote(candidate)
    }

    /// A caught-up replica; those that are to vote before the others.
    private var bestCandidate: MemberID? {
        let able = members.filter { !$0.isVoter && $0.maySupport && $0.isCaughtUp && $0.isActive }
        return (able.first { $0.role == .voter } ?? able.first)?.id
    }

    /// Who is away before who is here, and the leader last.
    private func demotion(of candidates: [Candidate]) -> Step? {
        let sorted = candidates.filter { canDemote(isActive: $0.isActive) }.sorted { rank($0) < rank($1) }
        guard let first = sorted.first else { return nil }
        guard first.isLeader else { return .demote(first.id) }
        let heirs = voters.filter { !$0.isLeader && $0.isActive && $0.isInStep && $0.maySupport }
        return (heirs.first { $0.id != lastHeir } ?? heirs.first).map { .handOver(to: $0.id) }
    }

    private func rank(_ voter: Candidate) -> Rank {
        Rank(
            groups: [voter.maySupport ? 1 : 0, voter.isActive ? 1 : 0, voter.role == .voter ? 1 : 0, voter.isLeader ? 1 : 0],
            silence: voter.silence, id: voter.id)
    }

    private struct Rank: Comparable {
        let groups: [Int]
        let silence: Duration
        let id: MemberID

        /// The longer away, the sooner; of equals the newest id.
        static func < (left: Rank, right: Rank) -> Bool {
            if left.groups != right.groups { return left.groups.lexicographicallyPrecedes(right.groups) }
            if left.silence != right.silence { return left.silence > right.silence }
            return left.id > right.id
        }
    }

    private func canDemote(isActive: Bool) -> Bool {
        let remaining = votersCount - 1
        return remaining > 0 && activeVoters - (isActive ? 1 : 0) > remaining / 2
    }
}
