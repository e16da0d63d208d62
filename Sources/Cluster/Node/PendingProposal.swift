import EventLoop
import Raft
import TrustStore

/// A change that somebody on this member waits for. Kept until the entry that carries it is applied
/// here or its time is up, and offered again whenever the leader changes: applying drops repeats.
struct PendingProposal {
    typealias Answer = Result<Committed, ProposeError>
    /// Told the answer, once.
    typealias Waiter = (Answer) -> Void

    let id: RequestID
    let kind: CommandKind
    let encoded: [UInt8]
    let deadline: MonotonicInstant
    private(set) var waiters: [Waiter]
    /// The leadership it was last offered to.
    private(set) var offeredTo: Leadership?
    private(set) var offeredAt: MonotonicInstant?
    private var offersCount = 0

    struct Leadership: Equatable {
        let leader: MemberID
        let term: Term
    }

    /// Long enough for a slow fsync; short enough that a lost frame costs little. A repeat is harmless.
    static let offerAgainAfter: Duration = .seconds(1)

    init(
        id: RequestID, kind: CommandKind, encoded: [UInt8], deadline: MonotonicInstant,
        waiter: @escaping Waiter
    ) {
        self.id = id
        self.kind = kind
        self.encoded = encoded
        self.deadline = deadline
        waiters = [waiter]
    }

    mutating func addWaiter(_ waiter: @escaping Waiter) {
        waiters.append(waiter)
    }

    func shouldOffer(to leadership: Leadership, now: MonotonicInstant) -> Bool {
        guard offeredTo == leadership, let offeredAt else { return true }
        return now - offeredAt >= Self.offerAgainAfter
    }

    mutating func offered(to leadership: Leadership, now: MonotonicInstant) {
        offeredTo = leadership
        offeredAt = now
        offersCount += 1
    }

    /// No offer before the present one exists, so that its refusal is the whole story.
    var wasOfferedOnce: Bool { offersCount == 1 }

    /// The leader it was offered to did not take it. It stays unknown whether an earlier offer did.
    mutating func rejected() {
        offeredTo = nil
        offeredAt = nil
    }

    /// What the waiters are told when waiting ends: `error` only if no leader was ever offered the change.
    func ending(_ error: ProposeError) -> ProposeError { offersCount > 0 ? .outcomeUnknown : error }

    func answer(_ answer: Answer) {
        for waiter in waiters { waiter(answer) }
    }
}
