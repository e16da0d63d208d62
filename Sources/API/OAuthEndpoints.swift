import Cluster
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Tokens
import TrustStore

/// What other people's resource servers and libraries ask: introspection (RFC 7662), revocation (RFC 7009), and where all
/// of it is (RFC 8414; OpenID Connect Discovery).
enum OAuthEndpoints {
    static let introspectionPath = "/oauth2/introspect"
    static let revocationPath = "/oauth2/revoke"

    static let all: [Endpoint] = [
        .get("/.well-known/openid-configuration", .open, EndpointDocument(summary: "Where everything is (OpenID Connect Discovery)"), discovery),
        .get("/.well-known/oauth-authorization-server", .open, EndpointDocument(summary: "Where everything is (RFC 8414)"), discovery),
        .postForm(introspectionPath, .scope(.read), introspection) { (exchange, form) throws(Problem) in
            try introspect(exchange, token: try form.required("token"))
        },
        .postFormWaiting(revocationPath, .open, revocation) { (exchange, form) async throws(Problem) in
            try await revoke(exchange, token: try form.required("token"))
        },
    ]

    private static let introspection = EndpointDocument(
        summary: "Whether a token is good, and what it says (RFC 7662)",
        body: [
            .required("token", .string, "The token."),
            .optional("token_type_hint", .string, "Ignored: there is one type."),
        ],
        bodyType: .form, statuses: [200, 401, 503])

    private static let revocation = EndpointDocument(
        summary: "Revoke a token (RFC 7009): as an administrator, or as its bearer. One that is no good already is no error",
        body: [
            .required("token", .string, "The token."),
            .optional("token_type_hint", .string, "Ignored: there is one type."),
        ],
        bodyType: .form, statuses: [200, 401, 403, 503])

    // MARK: Introspection

    /// The caller asks for somebody else's token, which may be bound to a certificate that only he has seen: then `cnf`
    /// tells him which (RFC 8705 §3.2).
    private static func introspect(_ exchange: Exchange, token: String) throws(Problem) -> Answer {
        let verdict = exchange.member.verify(
            Array(token.utf8).span, in: exchange.view, expecting: Expectation(), cache: exchange.workspace.value.signatures)
        let freshness = exchange.member.freshness(of: exchange.view)
        let good: VerifiedToken
        switch verdict {
        case .accepted(let token): good = token
        case .rejected(.certificateBindingMismatch, let token?) where token.boundThumbprint != nil:
            guard freshness.vouches else { throw .memberStale }
            good = token
        // `active: false` would make the caller throw a good token away.
        case .rejected(.memberStale, _): throw .memberStale
        case .rejected: return .json(["active": false])
        }
        var answer: JSONObject = [
            "active": true, "token_type": "Bearer", "scope": .string(good.scopes.text), "sub": .string(good.subject),
            "jti": .string(good.tokenID),
        ]
        answer["exp"] = good.expiresAt.map(JSON.integer)
        answer["iss"] = good.issuer.map(JSON.string)
        answer["iat"] = good.issuedAt.map(JSON.integer)
        answer["nbf"] = good.notBeforeAt.map(JSON.integer)
        answer["aud"] = good.claims["aud"]
        answer["cnf"] = good.claims["cnf"]
        let reply = Answer.json(.object(answer))
        return StalenessWarning(freshness).map { reply.with(.warning, $0.value) } ?? reply
    }

    // MARK: Revocation

    /// RFC 7009 §2.2: a token that is no good already has what its owner wants, whatever is wrong with it.
    private static func revoke(_ exchange: Exchange, token: String) async throws(Problem) -> Answer {
        try exchange.limitStrangers()
        let bytes = Array(token.utf8)
        let verdict = exchange.member.authenticate(
            bytes.span, in: exchange.view, expecting: Expectation(), cache: exchange.workspace.value.signatures)
        let known: VerifiedToken?
        switch verdict {
        case .accepted(let token): known = token
        case .rejected(.expired, _), .rejected(.tokenRevoked, _): known = nil
        case .rejected(_, let token): known = token
        }
        // Of tokens that their holder signs for himself he could make, and revoke, as many as fill the table for good.
        let isOwnMaking = known.map { $0.method != .cluster } ?? false
        if !exchange.brought(bytes) || isOwnMaking { try exchange.caller.require(.admin) }
        if case .rejected(.memberStale, nil) = verdict { throw .memberStale }
        if let known {
            _ = try await exchange.propose(
                .revokeToken(RevokeToken(tokenID: known.tokenID, expiresAt: known.expiresAt, reason: nil)))
        }
        return Answer(status: .ok, body: .plain([], contentType: "application/json"))
    }

    // MARK: Discovery

    private static func discovery(_ exchange: Exchange) throws(Problem) -> Answer {
        guard let cluster = exchange.state.cluster else { throw .unavailable("the cluster is not founded yet") }
        func url(_ path: String) -> JSON { .string(cluster.issuer + path) }
        let algorithms = Set(exchange.state.signingKeys.values.filter { $0.algorithm.hasPublicKey && $0.state != .retired }.map(\.algorithm.rawValue))
        let document: JSON = [
            "issuer": .string(cluster.issuer), "jwks_uri": url("/.well-known/jwks.json"),
            "introspection_endpoint": url(introspectionPath), "introspection_endpoint_auth_methods_supported": ["Bearer"],
            "revocation_endpoint": url(revocationPath), "scopes_supported": ["read", "write", "sign", "admin"],
            // Nobody signs in here by a browser.
            "response_types_supported": .array([]), "subject_types_supported": ["public"],
            "token_endpoint": url(OAuthTokenEndpoint.path),
            "grant_types_supported": .strings([OAuthTokenEndpoint.clientCredentials, OAuthTokenEndpoint.tokenExchange]),
            // The trust store decides about certificates, whoever issued them.
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "self_signed_tls_client_auth"],
            "token_endpoint_auth_signing_alg_values_supported": .strings(JWSAlgorithm.allCases.filter { !$0.isSymmetric }.map(\.rawValue)),
            "tls_client_certificate_bound_access_tokens": true,
            "id_token_signing_alg_values_supported": .strings(algorithms.sorted()),
        ]
        return Answer.json(document).with(.cacheControl, "public, max-age=60")
    }
}

extension Exchange {
    /// Whether the request carries this very token as its own credential: whoever holds a token may end it.
    fileprivate func brought(_ token: [UInt8]) -> Bool {
        guard let own = try? BearerToken.bytes(request.head, query, .headerOnly) else { return false }
        return own == token
    }
}
