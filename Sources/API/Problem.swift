package import HTTPTypes

/// Why a request was not done: what the caller sees, decided once per kind of failure.
package struct Problem: Error, Equatable, Sendable {
    package var status: HTTPResponse.Status
    /// One line that says what to do. Most 503s start with a machine-readable code, such as `no_leader: `.
    package var message: String
    /// For 503 and 429.
    package var retryAfterSeconds: Int?
    /// For 401 and 403 (RFC 6750 §3).
    package var challenge: BearerChallenge?
    /// For 405.
    package var allow: [String] = []
    /// Headers that only this failure has.
    var fields: HTTPFields = [:]
    /// What the log learns and the caller does not. Never holds a token.
    package var detail: String?

    package init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    static func badRequest(_ message: String) -> Problem { Problem(.badRequest, message) }
    static func notFound(_ message: String = "not found") -> Problem { Problem(.notFound, message) }
    static func conflict(_ message: String) -> Problem { Problem(.conflict, message) }

    static func unavailable(_ message: String, retryAfterSeconds: Int = 1) -> Problem {
        var problem = Problem(.serviceUnavailable, message)
        problem.retryAfterSeconds = retryAfterSeconds
        return problem
    }

    static func tooManyRequests(retryAfterSeconds: Int) -> Problem {
        var problem = Problem(.tooManyRequests, "too many requests without a credential; send one, or wait")
        problem.retryAfterSeconds = retryAfterSeconds
        return problem
    }

    static func methodNotAllowed(_ allow: [String]) -> Problem {
        var problem = Problem(.methodNotAllowed, "this path answers \(allow.joined(separator: ", ")) only")
        problem.allow = allow
        return problem
    }

    /// The status under `/1.0` is 403 as in Incus; elsewhere `APIHandler` makes it 401.
    static func notAuthorized(_ challenge: BearerChallenge, message: String = "not authorized") -> Problem {
        var problem = Problem(.forbidden, message)
        problem.challenge = challenge
        return problem
    }
}

/// The `WWW-Authenticate` header of RFC 6750 §3.
package enum BearerChallenge: Equatable, Sendable {
    /// No credential came: the scheme alone, no error code (§3.1).
    case missing
    /// A token came and was refused. `hint` is only ever what its sender could have computed.
    case invalidToken(hint: String?)
    case insufficientScope(needed: String)

    var text: String {
        switch self {
        case .missing: "Bearer"
        case .invalidToken(nil): #"Bearer error="invalid_token""#
        case .invalidToken(let hint?): #"Bearer error="invalid_token", error_description="\#(hint)""#
        case .insufficientScope(let needed): #"Bearer error="insufficient_scope", scope="\#(Self.quotable(needed))""#
        }
    }

    /// RFC 6749 §3.3: a scope is visible ASCII without the quote and the backslash.
    private static func quotable(_ scope: String) -> String {
        String(decoding: scope.utf8.filter { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }, as: UTF8.self)
    }
}
