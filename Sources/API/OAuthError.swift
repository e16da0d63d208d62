import HTTPTypes
import JOSE

/// A refusal of the token endpoint, in the form of RFC 6749 §5.2. The code is for programs, the description for people.
struct OAuthError: Error, Equatable {
    enum Code: String {
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case invalidGrant = "invalid_grant"
        case invalidScope = "invalid_scope"
        /// RFC 8707 §2.
        case invalidTarget = "invalid_target"
        case unsupportedGrantType = "unsupported_grant_type"
        case temporarilyUnavailable = "temporarily_unavailable"
    }

    let code: Code
    let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    var answer: Answer {
        let status: HTTPResponse.Status =
            switch code {
            case .invalidClient: .unauthorized
            case .temporarilyUnavailable: .serviceUnavailable
            default: .badRequest
            }
        let answer = Answer.json(["error": .string(code.rawValue), "error_description": .string(description)], status: status)
            .with(.cacheControl, "no-store")
        return switch code {
        case .invalidClient: answer.with(.wwwAuthenticate, "Bearer")
        case .temporarilyUnavailable: answer.with(.retryAfter, "1")
        default: answer
        }
    }
}
