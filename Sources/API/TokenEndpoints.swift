import Cluster
import HashTreeCollections
import JOSE
import Tokens
import TrustStore

enum TokenEndpoints {
    static let all: [Endpoint] = [
        .postJSON("/1.0/tokens", .scope(.admin), creation, parsing: MintRequest.init) {
            (exchange, request) async throws(Problem) in
            let token = try await exchange.mint(request)
            return .created(minted(token), location: "/1.0/tokens/\(token.id)")
        },
        .getWaiting("/1.0/tokens", .scope(.read), listing) { (exchange) async throws(Problem) in
            let page = try Page(exchange.query)
            let tokens = exchange.state.namedTokens
            return try await exchange.offLoop {
                let sorted = tokens.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
                return .sync(.array(page.of(sorted, id: \.id).map(json)))
            }
        },
        .get("/1.0/tokens/{id}", .scope(.read), EndpointDocument(summary: "One named token")) {
            (exchange) throws(Problem) in
            .sync(json(try named(exchange)))
        },
        .delete("/1.0/tokens/{id}", .scope(.admin), EndpointDocument(summary: "Revoke a named token and forget its name")) {
            (exchange) async throws(Problem) in
            let token = try named(exchange)
            _ = try await exchange.propose(.removeNamedToken(id: token.id, reason: nil))
            return .sync(.object([:]))
        },
        .postPlain("/1.0/tokens/verify", .open, verification, reading: VerifyRequest.init, verify).servedInClear(),
        .postPlain("/1.0/tokens/explain", .scopeOrUnixSocket(.admin), explanation, reading: ExplainRequest.init) {
            (exchange, request) throws(Problem) in
            .sync(exchange.member.explain(request.token, in: exchange.view).json)
        },
    ]

    private static func named(_ exchange: Exchange) throws(Problem) -> NamedTokenRecord {
        guard let token = exchange.state.namedTokens[exchange.parameter("id")] else {
            throw .notFound("no such named token; a token without a name is not listed, revoke it by its token_id")
        }
        return token
    }

    // MARK: What they look like

    private static func minted(_ token: MintedToken) -> JSON {
        .object([
            "token": .string(token.token), "id": .string(token.id), "key_id": .string(token.keyID),
            "expires_at": .string(RFC3339.text(token.expiresAt)),
        ])
    }

    private static func json(_ token: NamedTokenRecord) -> JSON {
        .object([
            "id": .string(token.id), "name": .string(token.name), "subject": .string(token.subject),
            "scopes": .strings(token.scopes), "key_id": .string(token.keyID),
            "created_at": .string(RFC3339.text(token.createdAt)), "created_by": .string(token.createdBy),
            "expires_at": .string(RFC3339.text(token.expiresAt)),
        ])
    }

    private static let listing = EndpointDocument(
        summary: "The named tokens, oldest first", query: EndpointDocument.Parameter.page)

    private static let creation = EndpointDocument(
        summary: "Mint a token. Nothing is written to the log unless it gets a name",
        body: [
            .required("subject", .string, "Whom it speaks for."),
            .required("scopes", .strings, "read, write, sign, admin (each includes those before it), and any others."),
            .optional("audience", .strings, "One name, or several: whom it is meant for."),
            .optional("expires_in", .integer, "Seconds."),
            .optional("not_before", .integer, "Unix time in seconds."),
            .optional("algorithm", .string, "\(SigningKeyAlgorithm.namesText); default: that of the newest key."),
            .optional("claims", .object, "Further claims."),
            .optional("name", .string, "Lists the token under /1.0/tokens."),
            .optional("certificate_fingerprint", .string, "Binds it to a client certificate: SHA-256 of the DER, hexadecimal."),
        ],
        statuses: [201])

    private static let verification = EndpointDocument(
        summary: "Verify a token. Without a credential of one's own, rate-limited, and reasons that the token's text "
            + "does not tell read invalid_token",
        body: [
            .required("token", .string, "The token."),
            .optional("scope", .string, "Scopes it must permit, separated by spaces."),
            .optional("audience", .string, "Whom it must be meant for."),
        ],
        statuses: [200, 429])

    private static let explanation = EndpointDocument(
        summary: "Each check of a token in order, and the likely mistake",
        body: [.required("token", .string, "The token.")])
}

extension Exchange {
    fileprivate func mint(_ request: MintRequest) async throws(Problem) -> MintedToken {
        let requestID = try requestID
        let token: MintedToken
        do throws(MintFailure) {
            token = try await member.mint(request, by: actor, requestID: requestID)
        } catch {
            throw Problem(error)
        }
        // The log remembers that this key was used, and not the token's text. Another token must not
        // leave here: it would be in nobody's list.
        if request.name != nil, member.view.tokens.state.namedTokens[token.id] == nil {
            throw .conflict(
                "a token was already made for this Idempotency-Key and its text is kept nowhere; find it under "
                    + "/1.0/tokens, delete it, and ask again with another key")
        }
        return token
    }
}

struct ExplainRequest {
    let token: [UInt8]

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        // Longer than any valid token on purpose: explaining what is wrong is what this is for.
        token = Array(try reader.string("token", max: 64 * 1024).utf8)
    }
}
