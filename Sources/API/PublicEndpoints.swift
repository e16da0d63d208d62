import Cluster
import Crypto
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Tokens
import TrustStore

/// What anybody may ask, outside `/1.0`.
enum PublicEndpoints {
    static let all: [Endpoint] = [
        .get("/.well-known/jwks.json", .open, EndpointDocument(summary: "The public keys (RFC 7517)", statuses: [200, 304])) {
            (exchange) throws(Problem) in
            keySet(exchange)
        }.servedInClear(),
        .get("/healthz", .open, EndpointDocument(summary: "The process is up")) { (_) throws(Problem) in
            .json(.object(["status": "ok"]))
        }.servedInClear(),
        .get("/readyz", .open, EndpointDocument(summary: "This member would vouch now", statuses: [200, 503]), ready)
            .servedInClear(),
        .get("/openapi.json", .open, EndpointDocument(summary: "This interface, for machines")) { (_) throws(Problem) in
            Answer(status: .ok, body: .plain(OpenAPIDocument.encoded, contentType: "application/json"))
        },
        verification(.get), verification(.post),
    ]

    /// In the table for the OpenAPI file and for 405; `APIHandler` answers it before it looks here.
    private static func verification(_ method: HTTPRequest.Method) -> Endpoint {
        let document = EndpointDocument(
            summary: "For proxies: is the bearer token of this request good",
            query: [
                EndpointDocument.Parameter(name: "scope", summary: "Scopes it must permit, separated by spaces."),
                EndpointDocument.Parameter(name: "audience", summary: "Whom it must be meant for."),
            ],
            statuses: [200, 401, 403, 503])
        return Endpoint(
            method: method, path: PathPattern(ForwardAuth.path), access: .open, document: document,
            isServedInClear: true, work: .forwardAuth)
    }

    private static func keySet(_ exchange: Exchange) -> Answer {
        let keySet = exchange.settings.keySets.keySet(of: exchange.state, at: exchange.view.index, now: exchange.settings.wallClock())
        let isKnown = exchange.request.head.value(of: .ifNoneMatch).map { EntityTag.matches($0, keySet.tag) } ?? false
        let answer =
            isKnown
            ? Answer(status: .notModified, body: .plain([], contentType: ""))
            : Answer(status: .ok, body: .plain(keySet.body, contentType: "application/json"))
        return answer.with(.eTag, keySet.tag).with(.cacheControl, "public, max-age=\(keySetSecondsMax)")
    }

    /// A copy as old as this, and one more fetch, still fit into the time for which a key is published before it signs.
    private static let keySetSecondsMax = Member.keyAnnouncementSeconds / 2

    /// A member that cannot write still verifies, and says here that it should be looked at.
    /// What is wrong with the member comes first: that its state then goes stale only follows from it.
    private static func ready(_ exchange: Exchange) throws(Problem) -> Answer {
        if let trouble = exchange.member.trouble {
            // Paths on this machine are for its operators.
            let why = exchange.caller.isTrusted ? ": \(trouble)" : ""
            throw .unavailable("out_of_service\(why)", retryAfterSeconds: 5)
        }
        let freshness = exchange.member.freshness(of: exchange.view)
        guard freshness.vouches else {
            let age = freshness.ageMilliseconds
            let why = age.map { "not proven current for \($0) ms" } ?? "never proven current since the start"
            throw .unavailable("member_stale: the state of this member is \(why)")
        }
        if let warning = StalenessWarning(freshness) {
            return .json(.object(["status": "ready", "warning": .string(warning.text)])).with(.warning, warning.value)
        }
        return .json(.object(["status": "ready"]))
    }
}
