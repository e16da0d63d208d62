/// One call of one client, as it was seen from outside. Times are nanoseconds of one clock.
package struct Call<Action: Sendable>: Sendable {
    package enum Ending: Equatable, Sendable {
        case returned(UInt64)
        /// No answer, or one that leaves it open: it may have taken effect at any time since, or may yet.
        case open
    }

    package let action: Action
    package let invoked: UInt64
    package let ending: Ending

    package init(_ action: Action, invoked: UInt64, ending: Ending) {
        self.action = action
        self.invoked = invoked
        self.ending = ending
    }

    var returned: UInt64 {
        switch ending {
        case .returned(let time): time
        case .open: .max
        }
    }

    var isOpen: Bool { ending == .open }
}

/// What a register does, one call at a time.
package protocol SequentialModel: Sendable {
    associatedtype State: Hashable & Sendable
    associatedtype Action: Sendable

    var initial: State { get }

    /// The state after `action`; nil when its answer cannot have come from `state`.
    func apply(_ action: Action, to state: State) -> State?
}
