import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import Logging
import Tokens
import TrustStore

/// Who is calling: the Unix socket's peer first, then a bearer token, then the TLS certificate. Under `/1.0` a token that is
/// refused is no credential, and leaves the certificate in force, as in Incus; elsewhere it is an answer.
extension APIHandler {
    func caller(of call: Call, _ view: MemberView) -> Caller {
        if let peer = call.request.connection.unixPeer, peer.userID == 0 || peer.userID == settings.ownUserID {
            return .operatingSystemUser(peer.userID)
        }
        let isUnderAPI = call.route.endpoint.isUnderAPI
        let placement = call.route.endpoint.tokenPlacement
        let found: [UInt8]?
        do throws(Problem) {
            found = try BearerToken.bytes(call.request.head, call.query, placement)
        } catch {
            // A query that names the parameter twice proves nothing. Where nobody is more than somebody refused, it is a
            // token that is no good.
            return placement == .rpc ? .untrusted(refused: .malformed) : certificateCaller(call, view) ?? .untrusted(refused: nil)
        }
        guard let token = found else { return certificateCaller(call, view) ?? .untrusted(refused: nil) }
        // A token meant for another service does not speak for its holder here.
        var expectation = Expectation(clientCertificateThumbprint: call.request.connection.clientCertificate?.fingerprint)
        if let issuer = view.tokens.state.cluster?.issuer { expectation.audience = .namedIfAny(issuer) }
        let verdict = member.authenticate(token.span, in: view, expecting: expectation, cache: workspace.value.signatures)
        settings.counters.judged(verdict)
        switch verdict {
        case .accepted(let accepted):
            guard accepted.method == .certificate else { return .token(accepted) }
            // The very entry that it was accepted by: both come from this view.
            guard let record = view.state.certificates[accepted.keyID] else { return .untrusted(refused: .unknownCertificate) }
            return .certificate(record, token: accepted)
        case .rejected(let reason, _):
            return (isUnderAPI ? certificateCaller(call, view) : nil) ?? .untrusted(refused: reason)
        }
    }

    /// Nil when there is no certificate, or none that speaks for its holder: a stranger's is no offence.
    private func certificateCaller(_ call: Call, _ view: MemberView) -> Caller? {
        guard let certificate = call.request.connection.clientCertificate else { return nil }
        do throws(RejectionReason) {
            let record = try member.authenticate(
                certificate, sent: call.request.connection.intermediates, in: view, paths: workspace.value.paths)
            if record.type == .metrics { return call.route.endpoint.access.isForMetrics ? .metrics(record) : nil }
            return .certificate(record, token: nil)
        } catch {
            settings.counters.judged(.rejected(error))
            // Its holder is told nothing; whoever asks why finds the reason here.
            if error != .unknownCertificate {
                logger.info("a client certificate is refused", metadata: ["fingerprint": "\(certificate.fingerprint)", "reason": "\(error.rawValue)"])
            }
            return error == .memberStale ? .untrusted(refused: .memberStale) : nil
        }
    }

    func authorise(_ exchange: Exchange, _ endpoint: Endpoint) throws(Problem) {
        do throws(Problem) {
            try require(endpoint.access, of: exchange)
        } catch {
            // A member that cannot vouch refuses nobody.
            if error.status == .forbidden || error.status == .unauthorized { settings.counters.refusedCall() }
            throw error
        }
    }

    private func require(_ access: Access, of exchange: Exchange) throws(Problem) {
        switch access {
        case .open: return
        case .scopeOrUnixSocket(let scope):
            if !exchange.request.connection.isUnix { try exchange.caller.require(scope) }
        case .scopeOrRestricted(let scope):
            if !exchange.caller.isRestricted { try exchange.caller.require(scope) }
        case .scopeOrMetrics(let scope):
            if case .metrics = exchange.caller { return }
            try exchange.caller.require(scope)
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
        case .certificate(let record, _) where record.isRestricted:
            throw Problem(.forbidden, "Certificate is restricted")
        case .token, .operatingSystemUser, .certificate, .metrics:
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
