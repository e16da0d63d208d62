package import JOSE

/// Every check of one token in its order, for the operator whose token is refused. Holds nothing of
/// the token's signature, so it may be shown and logged.
package struct Explanation: Sendable, Equatable {
    package enum Check: String, Sendable, CaseIterable {
        case size, form, header, algorithm, key, signature, claims, issuer, times, revocation, binding, audience, scope
    }

    package enum Outcome: String, Sendable { case pass, fail, skipped }

    package struct Step: Sendable, Equatable {
        package let check: Check
        package let outcome: Outcome
        /// What was compared with what.
        package let detail: String
        /// The likely mistake and what to do, where one is recognised.
        package let hint: String?
    }

    /// Nil for a token that is accepted; else the reason the verifier gives too: that of the first
    /// step that failed.
    package internal(set) var reason: RejectionReason?
    package internal(set) var steps: [Step] = []

    package var valid: Bool { reason == nil }

    package var json: JSON {
        var object: JSONObject = ["valid": .bool(valid)]
        if let reason { object["reason"] = .string(reason.rawValue) }
        object["steps"] = .array(steps.map(\.json))
        return .object(object)
    }
}

extension Explanation.Step {
    package var json: JSON {
        var object: JSONObject = [
            "check": .string(check.rawValue), "outcome": .string(outcome.rawValue), "detail": .string(detail),
        ]
        if let hint { object["hint"] = .string(hint) }
        return .object(object)
    }
}
