import Raft

/// What is true of the whole cluster over the whole run, whatever any one member believes.
/// A class only so that reaching it never copies it.
final class Checker {
    private struct VoteKey: Hashable { let member: MemberID, term: Term }

    /// Only looked up, never iterated: hash order must not leak into a run.
    private var votes: [VoteKey: MemberID] = [:]
    private var leaders: [Term: MemberID] = [:]
    private var entries: [LogPosition: UInt64] = [:]
    /// Chain of each committed index, and the term of the leader that committed it.
    private(set) var committed: [UInt64] = []
    private(set) var committedIn: [Term] = []
    /// The committed log itself.
    private(set) var log: [Entry] = []
    /// The committed configurations, ascending.
    var configurations: [ConfigurationRecord] = []
    struct Effect { let index: LogIndex, answer: UInt64 }
    struct State { let all: UInt64, verdicts: UInt64 }
    /// Where each request took effect. Only looked up.
    var effects: [UInt64: Effect] = [:]
    /// The state after each index, once somebody has applied it.
    var states: [State?] = []
    /// Requests whose clients have been answered.
    var acknowledged: [UInt64] = []
    private var bodies: [LogPosition: Entry] = [:]

    var committedIndex: LogIndex { LogIndex(UInt64(committed.count)) }

    func fail(_ invariant: String, _ detail: @autoclosure () -> String) throws(Violation) -> Never {
        throw Violation(invariant: invariant, tick: 0, detail: detail())
    }

    func found(_ entry: Entry, chain: UInt64) {
        entries[entry.position] = chain
        committed = [chain]
        log = [entry]
        committedIn = [entry.term]
    }

    // MARK: Log

    /// G2, log matching: a position determines the entry and everything before it.
    func appended(_ entry: Entry, chain: UInt64, by member: Member) throws(Violation) {
        let position = entry.position
        if let known = entries[position] {
            if known != chain { try fail("G2", "member \(member.slot) holds another log at \(position)") }
        } else {
            entries[position] = chain
            bodies[position] = entry
        }
    }

    // MARK: Elections

    /// W4: one vote per member and term, for ever.
    func voted(_ member: MemberID, for candidate: MemberID, in term: Term) throws(Violation) {
        let key = VoteKey(member: member, term: term)
        if let earlier = votes[key] {
            if earlier != candidate {
                try fail("W4", "member \(member.slot) voted for \(earlier.slot) and \(candidate.slot) in term \(term)")
            }
        } else {
            votes[key] = candidate
        }
    }

    /// G1, election safety, and G3, leader completeness: a leader holds all that leaders of earlier terms
    /// committed. (One of an older term may win late and lack what newer ones committed.)
    func leads(_ member: Member, in term: Term) throws(Violation) {
        if let other = leaders[term], other != member.id {
            try fail("G1", "members \(other.slot) and \(member.slot) both lead term \(term)")
        }
        leaders[term] = member.id
        guard let newest = committedIn.lastIndex(where: { $0 < term }) else { return }
        let index = LogIndex(UInt64(newest) + 1)
        if member.chain(at: index) != committed[newest] {
            try fail("G3", "leader \(member.slot) of term \(term) lacks committed entry \(index)")
        }
    }

    // MARK: Commitment

    /// W3: a leader commits only an entry of its own term that a majority of *disks* holds. G7: nobody's commit
    /// index covers an entry that differs from the committed one. G3 again, for leaders already in office.
    func committed(_ member: Member, from old: LogIndex, to new: LogIndex, members: [Member]) throws(Violation) {
        guard let chain = member.chain(at: new) else {
            try fail("W8", "member \(member.slot) commits \(new), past its log's end")
        }
        if member.isLeader {
            if member.term(at: new) != member.term {
                try fail("W3", "leader \(member.slot) of term \(member.term) commits entry \(new) of an earlier term")
            }
            let configuration = member.configuration
            let holders = configuration.voters.count { voter in
                // Who runs from a copy is not listened to, so what its own directory holds is what counts.
                let disk = members[voter.slot].replaced?.disk ?? members[voter.slot].disk
                // What a damaged disk had acknowledged still counts: its member votes for nobody who lacks it.
                return disk.holds(new, chain: chain) || (disk.isDamaged && disk.mark.map { $0.term >= member.term && $0.position.index >= new } ?? false)
            }
            if holders < configuration.majority {
                try fail("W3", "leader \(member.slot) commits \(new) held by \(holders) of \(configuration.voters.count) disks")
            }
        }
        var index = old.next
        while index <= new {
            guard let chain = member.chain(at: index) else { break }
            if index <= committedIndex {
                if committed[Int(index.rawValue) - 1] != chain {
                    try fail("G7", "member \(member.slot) commits another entry at \(index)")
                }
            } else if member.isLeader {
                committed.append(chain)
                committedIn.append(member.term)
                try remember(LogPosition(term: member.term(at: index) ?? .zero, index: index))
            } else {
                try fail("G7", "member \(member.slot) commits \(index), which no leader has committed")
            }
            index = index.next
        }
        for other in members where other.isLeader && other.id != member.id {
            guard other.term > member.term else { continue }
            if other.chain(at: new) != chain {
                try fail("G3", "leader \(other.slot) of term \(other.term) lacks entry \(new), committed in term \(member.term)")
            }
        }
    }

    /// G4 and W8: what is applied is what was committed, and is on the applying member's disk.
    func applied(_ entry: Entry, by member: Member) throws(Violation) {
        guard entry.index == member.applied.next else {
            try fail("W8", "member \(member.slot) applies \(entry.index) after \(member.applied)")
        }
        guard entry.index <= committedIndex else { try fail("G7", "member \(member.slot) applies uncommitted \(entry.index)") }
        let chain = committed[Int(entry.index.rawValue) - 1]
        if member.chain(at: entry.index) != chain || entries[entry.position] != chain {
            try fail("G4", "member \(member.slot) applies another entry at \(entry.index)")
        }
        if !member.disk.holds(entry.index, chain: chain) {
            try fail("W8", "member \(member.slot) applies \(entry.index) before its own disk holds it")
        }
    }

    private func remember(_ position: LogPosition) throws(Violation) {
        guard let entry = bodies[position] else { try fail("G2", "\(position) was committed and never appended") }
        log.append(entry)
        guard entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) else { return }
        configurations.append(ConfigurationRecord(index: entry.index, configuration: configuration))
    }
}
