/// One request of a client, repeated with the same id through any member until it is answered.
struct ClientRequest {
    let id: UInt64
    let isRevocation: Bool
    var attempts = 0
    /// When the client stops waiting and asks another member.
    var deadline = 0

    var payload: [UInt8] { SimulatedCommand.request(id, isRevocation: isRevocation).payload }
}

/// A request that a member has taken on, until it sees its answer applied.
struct TakenRequest {
    let request: ClientRequest
    /// The leader it was offered to, and when; offered again to a new one, or when the offer seems lost.
    var offeredTo: Offer?

    struct Offer: Equatable {
        let leader: Int
        let term: UInt64
        let tick: Int
    }
}

/// What the shells of two members say to each other.
struct ShellMessage {
    enum Body {
        /// Carried to the leader at most once.
        case proposal(ClientRequest, hops: Int)
        case refused(request: UInt64)
    }

    let from: Int
    let to: Int
    let body: Body
}
