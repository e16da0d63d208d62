import Cluster
import EventLoop
import JOSE
import Raft
import Tokens
import TrustStore

enum RevocationEndpoints {
    static let all: [Endpoint] = [
        .getWaiting("/1.0/revocations", .scope(.read), listing) { (exchange) async throws(Problem) in
            let page = try Page(exchange.query)
            let revoked = exchange.state.revokedTokens
            return try await exchange.offLoop {
                .sync(.array(page.of(revoked.sorted(), id: \.id).map(json)))
            }
        },
        .post("/1.0/revocations", .scope(.admin), creation, reading: RevocationRequest.init) {
            (exchange, request) async throws(Problem) in
            let revocation = try request.command(exchange)
            let committed = try await exchange.propose(.revokeToken(revocation))
            return .created(
                try await exchange.answer(committed, waitsEverywhere: request.waitsEverywhere),
                location: "/1.0/revocations/\(committed.result.id)")
        },
    ]

    private static let listing = EndpointDocument(summary: "What is revoked, oldest first", query: EndpointDocument.Parameter.page)

    private static let creation = EndpointDocument(
        summary: "Revoke a token; answers when a majority of the voters has it on disk",
        body: [
            .optional("token", .string, "The token itself; its signature must be good. Either this or token_id."),
            .optional("token_id", .string, "The token's jti."),
            .optional("reason", .string, "For people, kept in the log."),
            .optional(
                "wait", .string,
                "committed (default), or everywhere: answers when no member accepts the token any more, or when it can no longer wait, and says why for each."),
        ],
        statuses: [201])

    static func json(_ record: RevocationRecord) -> JSON {
        .object([
            "id": .string(record.id), "token_id": .string(record.tokenID),
            "reason": record.reason.map(JSON.string) ?? .null,
            "created_at": .string(RFC3339.text(record.createdAt)), "created_by": .string(record.createdBy),
            "expires_at": record.expiresAt.map { .string(RFC3339.text($0)) } ?? .null,
            "index": .integer(Int64(clamping: record.index.rawValue)),
        ])
    }
}

struct RevocationRequest {
    let token: String?
    let tokenID: String?
    let reason: String?
    let waitsEverywhere: Bool

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        token = try reader.optionalString("token", min: 1, max: JWSCompact.bytesMax)
        tokenID = try reader.optionalString("token_id", min: 1)
        reason = try reader.optionalString("reason", min: 1, max: StateLimits.textBytesMax)
        for later in ["subject", "before", "key_id", "certificate"] where reader.optionalValue(later) != nil {
            throw reader.error(later, "cannot be revoked by in this version; use token or token_id")
        }
        switch try reader.optionalString("wait") {
        case nil, "committed": waitsEverywhere = false
        case "everywhere": waitsEverywhere = true
        default: throw reader.error("wait", "must be committed or everywhere")
        }
        guard (token == nil) != (tokenID == nil) else {
            throw reader.error("token", "or token_id must be given, and not both")
        }
    }

    func command(_ exchange: Exchange) throws(Problem) -> RevokeToken {
        if let tokenID { return RevokeToken(tokenID: tokenID, expiresAt: nil, reason: reason) }
        let verified = try genuine(Array((token ?? "").utf8), exchange)
        return RevokeToken(tokenID: verified.tokenID, expiresAt: verified.expiresAt, reason: reason)
    }

    /// A token that is not genuine has no id to revoke: what stands in it is anybody's writing.
    private func genuine(_ token: [UInt8], _ exchange: Exchange) throws(Problem) -> VerifiedToken {
        let verdict = exchange.member.verify(
            token.span, in: exchange.view, expecting: Expectation(), cache: exchange.workspace.value.signatures)
        switch verdict {
        case .accepted(let verified), .rejected(_, let verified?): return verified
        case .rejected(let reason, nil):
            throw .field("token", "is no genuine token of this cluster (\(reason.rawValue)); give token_id to revoke by id")
        }
    }
}

extension Exchange {
    /// In a cluster of one nobody else can still be accepting it.
    fileprivate func answer(_ committed: Committed, waitsEverywhere: Bool) async throws(Problem) -> JSON {
        var answer: JSONObject = [
            "id": .string(committed.result.id), "index": .integer(Int64(clamping: committed.index.rawValue)),
            "effective_everywhere": .bool(waitsEverywhere || member.view.tokens.state.members.count <= 1),
        ]
        guard waitsEverywhere else { return .object(answer) }
        do throws(ProposeError) {
            let effects = try await member.untilEverywhere(committed.index)
            answer["effective_everywhere"] = .bool(effects.allSatisfy(\.isCertain))
            answer["members"] = .array(
                effects.map { .object(["name": .string($0.member), "reason": .string($0.reason.rawValue)]) })
        } catch {
            // It is committed all the same; only the wait could not be finished.
            answer["effective_everywhere"] = false
            answer["members"] = .array([])
        }
        return .object(answer)
    }
}
