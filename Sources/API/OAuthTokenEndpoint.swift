import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Tokens
import TrustStore

/// `/oauth2/token`: a client with a trusted certificate gets tokens (RFC 6749 §4.4), and exchanges tokens for narrower ones
/// (RFC 8693). It proves who it is by mutual TLS (RFC 8705 §2.2) or by a token signed with its key (RFC 7523).
enum OAuthTokenEndpoint {
    static let path = "/oauth2/token"
    static let clientCredentials = "client_credentials"
    static let tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    static let jwtType = "urn:ietf:params:oauth:token-type:jwt"

    static let all: [Endpoint] = [
        .postFormWaiting(path, .open, document) { (exchange, form) async throws(Problem) in
            try exchange.limitStrangers()
            do throws(OAuthError) {
                let request = try OAuthTokenRequest(form)
                let client = try exchange.oauthClient(request)
                return try await exchange.grant(request, to: client)
            } catch {
                return error.answer
            }
        }
    ]

    private static let document = EndpointDocument(
        summary: "Tokens for clients with a trusted certificate: client_credentials, and exchange for a narrower token (RFC 6749, RFC 8693)",
        body: [
            .required("grant_type", .string, "\(clientCredentials), or \(tokenExchange)."),
            .optional("client_id", .string, "The fingerprint of the client's certificate; may be left out."),
            .optional("client_assertion_type", .string, "\(assertionType), unless the certificate is that of the connection."),
            .optional("client_assertion", .string, "A token with iss and sub the fingerprint, aud the issuer or this address, exp within 600 s, and jti, signed with the certificate's key."),
            .optional("scope", .string, "Scopes, separated by spaces. Default: read for client_credentials, all of the token's for an exchange."),
            .optional("audience", .string, "Whom the token is meant for."),
            .optional("resource", .string, "The same, as RFC 8707 names it."),
            .optional("certificate_bound", .string, "true binds the token to the client's certificate (RFC 8705 §3)."),
            .optional("subject_token", .string, "The token to exchange."),
            .optional("subject_token_type", .string, "\(accessTokenType), or \(jwtType)."),
            .optional("requested_token_type", .string, "The same two."),
        ],
        bodyType: .form, statuses: [200, 400, 401, 429, 503])
}

/// The parameters of one request, before it is known who sends it.
struct OAuthTokenRequest {
    enum Grant {
        case clientCredentials
        case exchange(subjectToken: String)
    }

    let grant: Grant
    let clientID: String?
    let assertion: String?
    let scopes: [String]?
    let audiences: [String]
    let isBound: Bool

    init(_ form: FormBody) throws(OAuthError) {
        func value(_ name: String) throws(OAuthError) -> String? {
            do throws(Problem) { return try form.value(name) } catch { throw OAuthError(.invalidRequest, error.message) }
        }
        switch try value("grant_type") {
        case OAuthTokenEndpoint.clientCredentials: grant = .clientCredentials
        case OAuthTokenEndpoint.tokenExchange:
            for name in ["subject_token_type", "requested_token_type"] {
                let type = try value(name) ?? (name == "subject_token_type" ? "" : OAuthTokenEndpoint.accessTokenType)
                guard [OAuthTokenEndpoint.accessTokenType, OAuthTokenEndpoint.jwtType].contains(type) else {
                    throw OAuthError(.invalidRequest, "\(name) must be \(OAuthTokenEndpoint.accessTokenType) or \(OAuthTokenEndpoint.jwtType)")
                }
            }
            guard try value("actor_token") == nil else {
                throw OAuthError(.invalidRequest, "actor_token is not supported; the client that asks is the actor")
            }
            guard let token = try value("subject_token") else { throw OAuthError(.invalidRequest, "subject_token is required") }
            grant = .exchange(subjectToken: token)
        case nil: throw OAuthError(.invalidRequest, "grant_type is required")
        default:
            throw OAuthError(
                .unsupportedGrantType, "grant_type must be \(OAuthTokenEndpoint.clientCredentials) or \(OAuthTokenEndpoint.tokenExchange)")
        }
        clientID = try value("client_id")
        assertion = try value("client_assertion")
        guard try value("client_assertion_type") == (assertion == nil ? nil : OAuthTokenEndpoint.assertionType) else {
            throw OAuthError(.invalidRequest, "client_assertion_type must be \(OAuthTokenEndpoint.assertionType), and come with client_assertion")
        }
        if let text = try value("scope") {
            guard let words = ScopeToken.words(of: text) else { throw OAuthError(.invalidScope, "scope must be names separated by single spaces") }
            scopes = words
        } else {
            scopes = nil
        }
        audiences = [try value("audience"), try value("resource")].compactMap(\.self)
        switch try value("certificate_bound") {
        case nil, "false": isBound = false
        case "true": isBound = true
        default: throw OAuthError(.invalidRequest, "certificate_bound must be true or false")
        }
    }
}

extension Exchange {
    /// The client, by an assertion if there is one, else by the certificate of its connection.
    fileprivate func oauthClient(_ request: OAuthTokenRequest) throws(OAuthError) -> TrustedCertificateRecord {
        let record: TrustedCertificateRecord
        do throws(RejectionReason) {
            if let assertion = request.assertion {
                let issuer = state.cluster?.issuer ?? ""
                record = try member.authenticate(
                    assertion: Array(assertion.utf8).span, audiences: [issuer, issuer + OAuthTokenEndpoint.path], in: view)
            } else {
                record = try member.authenticate(try presentedCertificate(), in: view)
            }
        } catch {
            guard error != .memberStale else { throw OAuthError(.temporarilyUnavailable, Problem.memberStale.message) }
            throw OAuthError(
                .invalidClient,
                "prove who you are: a trusted certificate on the TLS connection, or client_assertion signed with its key (\(error.disclosed))")
        }
        guard record.type == .client, request.clientID.map({ $0.lowercased() == record.fingerprint }) ?? true else {
            throw OAuthError(.invalidClient, "client_id must be the fingerprint of a trusted client certificate, the one that proves it")
        }
        return record
    }

    private func presentedCertificate() throws(RejectionReason) -> Certificate {
        guard let certificate = request.connection.clientCertificate else { throw .unknownCertificate }
        return certificate
    }

    fileprivate func grant(_ request: OAuthTokenRequest, to client: TrustedCertificateRecord) async throws(OAuthError) -> Answer {
        var mint: MintRequest
        switch request.grant {
        case .clientCredentials: mint = try credentials(request, client)
        case .exchange(let token): mint = try narrowed(token, request, client)
        }
        if request.isBound {
            guard mint.certificateFingerprint == nil || mint.certificateFingerprint == client.fingerprint else {
                throw OAuthError(.invalidRequest, "certificate_bound: subject_token is bound to another certificate, and stays so")
            }
            mint.certificateFingerprint = client.fingerprint
        }
        let token: MintedToken
        do throws(MintFailure) {
            token = try await member.mint(mint, by: actor)
        } catch {
            let problem = Problem(error)
            throw OAuthError(problem.status == .serviceUnavailable ? .temporarilyUnavailable : .invalidRequest, problem.message)
        }
        var answer: JSONObject = [
            "access_token": .string(token.token), "token_type": "Bearer", "expires_in": .integer(token.expiresAt - token.issuedAt),
            "scope": .string(token.scopes.joined(separator: " ")),
        ]
        if case .exchange = request.grant { answer["issued_token_type"] = .string(OAuthTokenEndpoint.accessTokenType) }
        return Answer.json(.object(answer)).with(.cacheControl, "no-store")
    }

    /// An unrestricted certificate administers, and could mint any token as well; unasked it gets the least. A restricted one
    /// gets a token that says who it is, and permits nothing.
    private func credentials(_ request: OAuthTokenRequest, _ client: TrustedCertificateRecord) throws(OAuthError) -> MintRequest {
        let scopes = request.scopes ?? (client.isRestricted ? [] : ["read"])
        guard !client.isRestricted || scopes.isEmpty else {
            throw OAuthError(.invalidScope, "the client's certificate is restricted, so its tokens permit nothing")
        }
        var mint = MintRequest(subject: client.fingerprint, scopes: scopes)
        mint.audiences = request.audiences
        mint.client = MintRequest.Client(id: client.fingerprint)
        return mint
    }

    /// Never more than the token it is made from: its scopes, its end, its certificate; and it goes when that token goes.
    private func narrowed(
        _ text: String, _ request: OAuthTokenRequest, _ client: TrustedCertificateRecord
    ) throws(OAuthError) -> MintRequest {
        let bytes = Array(text.utf8)
        let expectation = Expectation(clientCertificateThumbprint: self.request.connection.clientCertificate?.fingerprint)
        let verdict = member.authenticate(bytes.span, in: view, expecting: expectation, cache: workspace.value.signatures)
        guard case .accepted(let token) = verdict else {
            guard verdict.reason != .memberStale else { throw OAuthError(.temporarilyUnavailable, Problem.memberStale.message) }
            throw OAuthError(.invalidGrant, "subject_token is refused: \(verdict.reason?.disclosed ?? "")")
        }
        let scopes = request.scopes ?? token.scopes.names
        guard scopes.allSatisfy(token.scopes.permits) else {
            throw OAuthError(.invalidScope, "subject_token does not permit \(scopes.filter { !token.scopes.permits($0) }.joined(separator: " "))")
        }
        if client.isRestricted, let named = token.audiences, !request.audiences.allSatisfy(named.contains) {
            throw OAuthError(.invalidTarget, "subject_token is meant for others; a restricted client cannot change that")
        }
        var mint = MintRequest(subject: token.subject, scopes: scopes)
        mint.audiences = request.audiences.isEmpty ? token.audiences ?? [] : request.audiences
        let now = settings.wallClock()
        let lifetime = min(state.settings.tokenSecondsDefault, (token.expiresAt ?? .max) - now)
        guard lifetime > 0 else { throw OAuthError(.invalidGrant, "subject_token is refused: expired") }
        mint.lifetimeSeconds = lifetime
        mint.expiresAtMax = token.expiresAt
        mint.certificateFingerprint = token.boundThumbprint
        guard let line = MintRequest.Client(id: client.fingerprint, narrowing: token, at: now) else {
            throw OAuthError(.invalidGrant, "subject_token was exchanged \(MintRequest.Client.parentsMax) times already; begin from another token")
        }
        mint.client = line
        return mint
    }
}
