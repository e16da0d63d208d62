import Cluster
import EventLoop
import JOSE
import Tokens
import TrustStore

/// Kubernetes asks whether a bearer token is good (authentication.k8s.io/v1 TokenReview, webhook token authentication).
enum TokenReviewEndpoint {
    static let all: [Endpoint] = [
        .postPlain("/kubernetes/tokenreview", .open, document, reading: TokenReview.init) { (exchange, review) throws(Problem) in
            try exchange.limitStrangers()
            return try answer(exchange, review)
        }
    ]

    private static let document = EndpointDocument(
        summary: "A TokenReview of authentication.k8s.io/v1, answered with its status",
        body: [.required("spec", .object, "With token, and audiences if the token must be meant for one of them.")],
        unknownMembers: .ignored, statuses: [200, 429, 503])

    private static func answer(_ exchange: Exchange, _ review: TokenReview) throws(Problem) -> Answer {
        var expectation = Expectation()
        // Kubernetes' own audience is not known here; a token for another service is not for it.
        if review.audiences.isEmpty, let issuer = exchange.state.cluster?.issuer { expectation.audience = .namedIfAny(issuer) }
        let verdict = exchange.member.verify(
            review.token.span, in: exchange.view, expecting: expectation, cache: exchange.workspace.value.signatures)
        switch verdict {
        case .rejected(.memberStale, _): throw .memberStale
        case .rejected(let reason, _): return reply(review, refusal: reason.disclosed)
        case .accepted(let token):
            let audiences = review.audiences.filter { wanted in token.audiences?.contains { $0.hasSameBytes(as: wanted) } ?? false }
            guard review.audiences.isEmpty || !audiences.isEmpty else {
                return reply(review, refusal: RejectionReason.audienceMismatch.rawValue)
            }
            let answer = reply(review, token, audiences: audiences)
            return StalenessWarning(exchange.member.freshness(of: exchange.view)).map { answer.with(.warning, $0.value) } ?? answer
        }
    }

    private static func reply(_ review: TokenReview, refusal: String) -> Answer {
        reply(review, status: ["authenticated": false, "error": .string(refusal)])
    }

    /// Names carry a prefix, so that no subject or scope of ours can pass for one that Kubernetes gives meaning to, such as
    /// `system:masters`.
    private static func reply(_ review: TokenReview, _ token: VerifiedToken, audiences: [String]) -> Answer {
        var status: JSONObject = [
            "authenticated": true,
            "user": [
                "username": .string("credence:" + token.subject), "uid": .string(token.subject),
                "groups": .strings(token.scopes.names.map { "credence:" + $0 }),
                "extra": ["authentication.kubernetes.io/credential-id": .strings(["JTI=" + token.tokenID])],
            ],
        ]
        if !audiences.isEmpty { status["audiences"] = .strings(audiences) }
        return reply(review, status: status)
    }

    private static func reply(_ review: TokenReview, status: JSONObject) -> Answer {
        .json(["apiVersion": .string(TokenReview.version), "kind": "TokenReview", "status": .object(status)])
    }
}

/// The part of a TokenReview that is asked.
struct TokenReview {
    static let version = "authentication.k8s.io/v1"

    let token: [UInt8]
    let audiences: [String]

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        if let version = try reader.optionalString("apiVersion"), version != Self.version {
            throw reader.error("apiVersion", "must be \(Self.version)")
        }
        if let kind = try reader.optionalString("kind"), kind != "TokenReview" { throw reader.error("kind", "must be TokenReview") }
        var spec = try JSONObjectReader(try reader.value("spec"), context: "spec")
        token = Array(try spec.string("token", max: 64 * 1024).utf8)
        audiences = try spec.optionalStrings("audiences", max: MintRequest.audiencesCountMax) ?? []
    }
}
