import EventLoop
import Raft
import Storage
import TrustStore

/// The two entries with which a cluster goes on with one member: who votes, and who is a member at all. They follow the last
/// entry that is kept, in a term of their own, and are applied before any member runs from them: nobody of before is ever
/// listened to (docs/decisions/0013).
struct Rebuilding {
    let position: LogPosition
    let term: Term
    let command: RebuildCluster
    /// Made once: what is tried out is what is written.
    let entries: [Entry]

    /// - Parameters:
    ///   - position: the last entry that is kept.
    ///   - hardState: the newest term that is known.
    init(after position: LogPosition, hardState: HardState, _ command: RebuildCluster) {
        self.position = position
        term = Term(max(position.term, hardState.term).rawValue + 1)
        self.command = command
        let first = position.index.next
        let proposal = TrustStore.Proposal(
            requestID: .random(), proposedAfter: first, actor: Self.operatorOfMachine, body: .rebuildCluster(command))
        entries = [
            Entry(
                index: first, term: term, kind: .configuration, payload: Configuration(voters: [command.member.id]).encoded()),
            Entry(
                index: first.next, term: term, kind: .command,
                payload: Command(proposal, stampedAtMilliseconds: WallClock.nowMilliseconds()).encode()),
        ]
    }

    var hardState: HardState { HardState(term: term, vote: command.member.id) }

    /// Whoever may write the data directory.
    private static let operatorOfMachine = TrustStore.Actor(id: "operator", method: "offline", address: nil)

    static func isOne(_ entry: Entry) -> Bool {
        guard entry.kind == .command, let command = try? Command(decoding: entry.payload) else { return false }
        return command.body.kind == .rebuildCluster
    }

    /// The command was refused: by its own rules, which a wrong name or address breaks.
    static func check(_ outcome: CommandOutcome?) throws(StartError) {
        switch outcome {
        case .done?: return
        case .refused(let refusal)?: throw .internalFailure("the cluster could not be rebuilt: \(refusal.message)")
        case nil: throw .internalFailure("the cluster could not be rebuilt: the entry is missing")
        }
    }
}
