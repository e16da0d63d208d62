import Tokens

/// Who sent a request, as far as it was proven.
enum Caller: Sendable {
    /// No credential, or one that was refused: `refused` says why, for the log and, in part, for the caller.
    case untrusted(refused: RejectionReason?)
    /// Root or the daemon's own user, on the Unix socket.
    case operatingSystemUser(UInt32)
    case token(VerifiedToken)

    var isTrusted: Bool {
        if case .untrusted = self { false } else { true }
    }

    /// Stable for one caller over requests and members.
    var id: String {
        switch self {
        case .untrusted: "anonymous"
        case .operatingSystemUser(let userID): "uid:\(userID)"
        case .token(let token): token.subject
        }
    }

    /// How it was proven, in the words of the log.
    var method: String {
        switch self {
        case .untrusted: "none"
        case .operatingSystemUser: "unix"
        case .token: "token"
        }
    }

    func holds(_ scope: StandardScope) -> Bool {
        switch self {
        case .untrusted: false
        case .operatingSystemUser: true
        case .token(let token): token.scopes.permits(scope.rawValue)
        }
    }
}
