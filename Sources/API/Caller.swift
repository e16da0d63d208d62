import Tokens
import TrustStore

/// Who sent a request, as far as it was proven.
enum Caller: Sendable {
    /// No credential, or one that was refused: `refused` says why, for the log and, in part, for the caller.
    case untrusted(refused: RejectionReason?)
    /// Root or the daemon's own user, on the Unix socket.
    case operatingSystemUser(UInt32)
    case token(VerifiedToken)
    /// The holder of a trusted certificate of type client, by TLS or, where there is a token, by one that its key signed.
    case certificate(TrustedCertificateRecord, token: VerifiedToken?)
    /// The holder of one of type metrics, on a route for that.
    case metrics(TrustedCertificateRecord)

    var isTrusted: Bool {
        if case .untrusted = self { false } else { true }
    }

    /// Stable for one caller over requests and members.
    var id: String {
        switch self {
        case .untrusted: "anonymous"
        case .operatingSystemUser(let userID): "uid:\(userID)"
        case .token(let token): token.subject
        case .certificate(let record, _), .metrics(let record): record.fingerprint
        }
    }

    /// How it was proven, in the words of the log.
    var method: String {
        switch self {
        case .untrusted: "none"
        case .operatingSystemUser: "unix"
        case .token: "token"
        case .certificate, .metrics: "certificate"
        }
    }

    /// Administers nothing, and may look at what concerns it.
    var isRestricted: Bool {
        if case .certificate(let record, _) = self { record.isRestricted } else { false }
    }

    func holds(_ scope: StandardScope) -> Bool {
        switch self {
        case .untrusted, .metrics: false
        case .operatingSystemUser: true
        case .token(let token), .certificate(_, let token?): token.scopes.permits(scope.rawValue)
        case .certificate(let record, nil): !record.isRestricted
        }
    }
}
