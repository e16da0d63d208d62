import Cluster
import Crypto
import EventLoop
import HTTP
import Tokens
import TrustStore

/// Who is calling: the Unix socket's peer first, then a bearer token. TLS certificates count from
/// the trust store on, which holds none yet.
extension APIHandler {
    func caller(of call: Call, _ view: MemberView) -> Caller {
        if let peer = call.request.connection.unixPeer, peer.userID == 0 || peer.userID == settings.ownUserID {
            return .operatingSystemUser(peer.userID)
        }
        let placement = call.route.endpoint.tokenPlacement
        let found: [UInt8]?
        do throws(Problem) {
            found = try BearerToken.bytes(call.request.head, call.query, placement)
        } catch {
            // A query that names the parameter twice proves nothing. Where nobody is more than somebody refused, it is a
            // token that is no good.
            return .untrusted(refused: placement == .rpc ? .malformed : nil)
        }
        guard let token = found else { return .untrusted(refused: nil) }
        // A token meant for another service does not speak for its holder here.
        var expectation = Expectation(clientCertificateThumbprint: call.request.connection.clientCertificate?.fingerprint)
        if let issuer = view.tokens.state.cluster?.issuer { expectation.audience = .namedIfAny(issuer) }
        switch member.authenticate(token.span, in: view, expecting: expectation, cache: workspace.value.signatures) {
        case .accepted(let accepted): return .token(accepted)
        case .rejected(let reason, _): return .untrusted(refused: reason)
        }
    }

    func authorise(_ exchange: Exchange, _ endpoint: Endpoint) throws(Problem) {
        switch endpoint.access {
        case .open: return
        case .scopeOrUnixSocket(let scope):
            if !exchange.request.connection.isUnix { try exchange.caller.require(scope) }
        case .scope(let scope):
            try exchange.caller.require(scope)
        }
    }
}

extension Caller {
    /// Returns for a caller that holds the scope; else says why not.
    func require(_ scope: StandardScope) throws(Problem) {
        if holds(scope) { return }
        switch self {
        case .untrusted(nil):
            throw .notAuthorized(.missing)
        case .untrusted(.memberStale?):
            // Nothing is wrong with the token; this member just cannot know enough to vouch now.
            throw .memberStale
        case .untrusted(let reason?):
            var problem = Problem.notAuthorized(.invalidToken(hint: reason.isDisclosable ? reason.rawValue : nil))
            problem.detail = reason.rawValue
            throw problem
        case .token, .operatingSystemUser:
            throw .notAuthorized(
                .insufficientScope(needed: scope.rawValue),
                message: "not authorized: this needs the scope \(scope.rawValue)")
        }
    }
}

extension Problem {
    static let memberStale = Problem.unavailable(
        "member_stale: this member cannot prove that its state is current; ask another member")
}
