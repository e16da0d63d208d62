import Cluster
import EventLoop
import HTTP
import JOSE
import Raft
import Tokens

struct VerifyRequest {
    let token: [UInt8]
    let expectation: Expectation

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        token = Array(try reader.string("token", max: 64 * 1024).utf8)
        expectation = Expectation(
            scope: try reader.optionalString("scope", min: 1), audience: try reader.optionalString("audience", min: 1))
    }
}

extension TokenEndpoints {
    /// The certificate on this connection is that of whoever asks, not of whoever holds the token, so
    /// a bound token is good for nothing here (RFC 8705 §3).
    static func verify(_ exchange: Exchange, _ request: VerifyRequest) throws(Problem) -> Answer {
        try exchange.limitStrangers()
        let verdict = exchange.member.verify(
            request.token.span, in: exchange.view, expecting: request.expectation,
            cache: exchange.workspace.value.signatures)
        exchange.settings.counters.judged(verdict)
        var answer: JSONObject
        switch verdict {
        case .accepted(let token):
            answer = ["valid": true]
            describe(token, in: &answer)
        case .rejected(let reason, let token):
            let isTold = exchange.caller.holds(.read)
            answer = ["valid": false, "reason": .string(isTold ? reason.rawValue : reason.disclosed)]
            // What a refused token says of itself is of use to an operator; strangers can read it anyway.
            if isTold, let token { describe(token, in: &answer) }
        }
        answer["index"] = .integer(Int64(clamping: exchange.view.index.rawValue))
        let freshness = exchange.member.freshness(of: exchange.view)
        answer["age_ms"] = freshness.ageMilliseconds.map(JSON.integer) ?? .null
        guard case .accepted = verdict, let warning = StalenessWarning(freshness) else { return .sync(.object(answer)) }
        answer["warning"] = .string(RejectionReason.memberStale.rawValue)
        return .sync(.object(answer)).with(.warning, warning.value)
    }

    private static func describe(_ token: VerifiedToken, in answer: inout JSONObject) {
        answer["method"] = .string(token.method.rawValue)
        answer["subject"] = .string(token.subject)
        answer["scopes"] = .strings(token.scopes.names)
        answer["claims"] = .object(token.claims)
        answer["token_id"] = .string(token.tokenID)
        answer["key_id"] = .string(token.keyID)
        answer["expires_at"] = token.expiresAt.map { .string(RFC3339.text($0)) } ?? .null
    }
}

extension Exchange {
    /// A caller who proved who he is, or sits on this machine, is not limited.
    func limitStrangers() throws(Problem) {
        guard !caller.isTrusted, !request.connection.isUnix else { return }
        try workspace.value.limit(request)
    }
}

extension APIHandler {
    /// For the route that learns who calls only from the token it is asked about.
    func limitStrangers(_ request: IncomingRequest) throws(Problem) {
        try workspace.value.limit(request)
    }
}

extension Workspace {
    fileprivate func limit(_ request: IncomingRequest) throws(Problem) {
        switch strangers.take(from: request.connection.rateLimitSource, at: request.requestStart) {
        case .allowed: return
        case .refused(let seconds): throw .tooManyRequests(retryAfterSeconds: seconds)
        }
    }
}
