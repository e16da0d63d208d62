/// Why leadership was not handed over. Nothing was changed.
package enum TransferError: Error, Equatable, Sendable {
    /// Nobody leads, so there is nothing to hand over.
    case noLeader
    case unknownMember(String)
    case notVoter(String)
    case alreadyLeader(String)
    /// The target has not been heard of lately.
    case silent(String)
    /// There is no other voter that has been heard of lately.
    case nobodyToTakeOver
    /// The target did not take over in time; the former leader goes on, or an election is on.
    case notTakenOver
    case halted(String)
    case stopping
}

extension TransferError {
    /// Every wait of a member ended for `error`.
    init(_ error: ProposeError) {
        self = if case .halted(let reason) = error { .halted(reason) } else { .stopping }
    }
}
