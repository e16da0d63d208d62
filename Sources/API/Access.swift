/// What a caller must have to use an endpoint. Stands in the OpenAPI file as `x-credence-scope`.
enum Access: Sendable, Equatable {
    /// Anybody, also without a credential.
    case open
    /// One of the ordered scopes or any above it.
    case scope(StandardScope)
    /// The scope, or being the holder of a restricted certificate, who has none.
    case scopeOrRestricted(StandardScope)
    /// The scope, or holding a certificate of type metrics, which is nobody's elsewhere.
    case scopeOrMetrics(StandardScope)
    /// The scope, or being any local user on the Unix socket.
    case scopeOrUnixSocket(StandardScope)

    var isForMetrics: Bool {
        if case .scopeOrMetrics = self { true } else { false }
    }

    var documented: String {
        switch self {
        case .open: "none"
        case .scope(let scope): scope.rawValue
        case .scopeOrRestricted(let scope): "\(scope.rawValue) or restricted"
        case .scopeOrMetrics(let scope): "\(scope.rawValue) or metrics"
        case .scopeOrUnixSocket(let scope): "\(scope.rawValue) or unix-socket"
        }
    }
}

/// The scopes that routes name. Each includes those before it.
enum StandardScope: String, Sendable {
    case read, write, sign, admin
}
