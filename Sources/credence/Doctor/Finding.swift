import JOSE

/// One thing that was looked at, and what came of it.
struct Finding: Equatable {
    enum Outcome: String {
        case good = "ok"
        /// Works now, and will not for ever.
        case warning
        case failure
        /// Could not be looked at; the detail says why.
        case skipped
    }

    let check: String
    let outcome: Outcome
    let detail: String
    /// What to do; empty when there is nothing.
    var advice = ""

    var json: JSON {
        .object([
            "check": .string(check), "outcome": .string(outcome.rawValue), "detail": .string(detail), "advice": .string(advice),
        ])
    }
}
