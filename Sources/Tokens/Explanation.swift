package import JOSE

/// Every check of one token in its order, for the operator whose token is refused. Holds nothing of
/// the token's signature, so it may be shown and logged.
package struct Explanation: Sendable, Equatable {
    package enum Check: String, Sendable, CaseIterable {
        case size, form, header, algorithm, key, signature, claims, issuer, times, revocation, binding, audience, scope, freshness
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

    /// Whether only an imported key can have made the token.
    var isForImportedKeys = false

    package var valid: Bool { reason == nil }

    package var json: JSON {
        var object: JSONObject = ["valid": .bool(valid)]
        if let reason { object["reason"] = .string(reason.rawValue) }
        object["steps"] = .array(steps.map(\.json))
        return .object(object)
    }
}

extension Explanation {
    /// With the last check: whether the member that explains may vouch at all. As in the verdict, a
    /// token that is refused stays refused, but an unknown key may only be unknown yet.
    ///
    /// - Parameter vouches: whether the member may vouch, which the policy `serve` lets it when it is not fresh.
    /// - Parameter ageMilliseconds: since the member's state was provably current; nil when it never was.
    package func judged(byMemberFresh isFresh: Bool, vouching vouches: Bool, ageMilliseconds: Int64?) -> Explanation {
        var judged = self
        let age = ageMilliseconds.map { "proven current \($0) ms ago" } ?? "never proven current since it started"
        judged.steps.append(
            Step(
                check: .freshness, outcome: vouches ? .pass : .fail, detail: "the state of this member was \(age)",
                hint: isFresh ? nil : vouches
                    ? "too old to be sure; the cluster's staleness_policy is serve, so it vouches nevertheless, with a warning"
                    : "ask another member; this one cannot reach the leader, or has just started"))
        if (reason == nil && !vouches) || (mayBeUnknownYet && !isFresh) { judged.reason = .memberStale }
        return judged
    }

    /// A key that made the token, if there is one, may not have reached this member.
    private var mayBeUnknownYet: Bool {
        reason == .unknownKey || reason == .unknownCertificate || (reason == .badSignature && isForImportedKeys)
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
