import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Raft
import Tokens
import TrustStore

enum RevocationEndpoints {
    static let all: [Endpoint] = [
        .getWaiting("/1.0/revocations", .scope(.read), listing) { (exchange) async throws(Problem) in
            let page = try Page(exchange.query)
            let state = exchange.state
            return try await exchange.offLoop {
                guard page.after == nil || page.after.flatMap({ RevocationPlace($0) }) != nil else { return .sync(.array([])) }
                let place = page.after.flatMap { RevocationPlace($0) }
                let tokens = state.revokedTokens.oldest(page.limit, after: place).map(RevocationDescription.token)
                let others = state.broadRevocations.values.map(RevocationDescription.broad).filter { other in place.map { $0 < other.place } ?? true }
                return .sync(.array((tokens + others).sorted { $0.place < $1.place }.prefix(page.limit).map(\.json)))
            }
        },
        Endpoint(method: .post, path: PathPattern("/1.0/revocations"), access: .scope(.admin), document: creation, work: .waiting {
            (exchange) async throws(Problem) in
            let request = try await exchange.revocationRequest()
            if case .many(let ids) = request.subject { return try await exchange.revoke(ids, request) }
            let committed = try await exchange.propose(try request.command(exchange))
            return .created(
                try await exchange.answer(committed, waitsEverywhere: request.waitsEverywhere),
                location: "/1.0/revocations/\(committed.result.id)")
        }).acceptingLongBodies(RevocationRequest.bodyBytesMax),
        .delete("/1.0/revocations/{id}", .scope(.admin), withdrawal) { (exchange) async throws(Problem) in
            _ = try await exchange.propose(.withdrawRevocation(id: exchange.parameter("id")))
            return .sync(.object([:]))
        },
    ]

    private static let listing = EndpointDocument(summary: "What is revoked, oldest first", query: EndpointDocument.Parameter.page)

    private static let withdrawal = EndpointDocument(
        summary: "Withdraw the revocation of a subject or a certificate; a revoked token stays revoked", statuses: [200, 409])

    private static let creation = EndpointDocument(
        summary: "Revoke one of token, token_id, subject, key_id, certificate, or all tokens up to a time; answers when a majority of the voters has it on disk",
        body: [
            .optional("token", .string, "The token itself; its signature must be good."),
            .optional("token_id", .string, "The token's id, which for a token of the cluster is its jti."),
            .optional("token_ids", .strings, "Many token ids at once, up to \(RevocationRequest.tokenIDsMax); the body may have 8 MiB then. Each part of the list takes effect as it is committed; an error says how many from the beginning of the list are revoked by then."),
            .optional("subject", .string, "All tokens of this subject that were issued until now, or until before."),
            .optional("key_id", .string, "All tokens of this signing key, at once and for good. The fingerprint of a client certificate counts as certificate."),
            .optional("certificate", .string, "A client certificate, as its fingerprint or in PEM: its connections, its tokens, and tokens bound to it."),
            .optional("before", .integer, "Unix seconds; what was issued in that second or earlier. Without a subject: every token. At most 600 s in the future."),
            .optional("reason", .string, "For people, kept in the log."),
            .optional(
                "wait", .string,
                "committed (default), or everywhere: answers when no member accepts what is revoked any more, or when it can no longer wait, and says why for each."),
        ],
        statuses: [201])
}

/// A revocation as a list shows it.
enum RevocationDescription: Sendable {
    case token(RevocationRecord)
    case broad(BroadRevocationRecord)

    var place: RevocationPlace {
        switch self {
        case .token(let record): record.place
        case .broad(let record): RevocationPlace(index: record.index)
        }
    }

    var json: JSON {
        switch self {
        case .token(let record):
            return .object([
                "id": .string(record.id), "kind": "token", "token_id": .string(record.tokenID),
                "reason": record.reason.map(JSON.string) ?? .null,
                "created_at": .string(RFC3339.text(record.createdAt)), "created_by": .string(record.createdBy),
                "expires_at": record.expiresAt.map { .string(RFC3339.text($0)) } ?? .null,
                "index": .integer(Int64(clamping: record.index.rawValue)),
            ])
        case .broad(let record):
            var object: JSONObject = ["id": .string(record.id), "kind": .string(record.target.kind)]
            switch record.target {
            case .subject(let subject, _): object["subject"] = .string(subject)
            case .certificate(let fingerprint): object["certificate"] = .string(fingerprint)
            case .key(let kid): object["key_id"] = .string(kid)
            case .everything: break
            }
            if let before = record.target.before { object["before"] = .integer(before) }
            object["reason"] = record.reason.map(JSON.string) ?? .null
            object["created_at"] = .string(RFC3339.text(record.createdAt))
            object["created_by"] = .string(record.createdBy)
            object["index"] = .integer(Int64(clamping: record.index.rawValue))
            return .object(object)
        }
    }
}

struct RevocationRequest: Sendable {
    static let tokenIDsMax = 100_000
    /// So many of the cluster's own ids take 2.5 MB, and of the 80 octets that others like 8.
    static let bodyBytesMax = 8 << 20

    enum Subject: Sendable {
        case token([UInt8])
        case many([String])
        case tokenID(String)
        /// A signing key, or the key of a certificate.
        case keyID(String)
        case broad(Revoke.Target)
    }

    let subject: Subject
    let reason: String?
    let waitsEverywhere: Bool

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        let token = try reader.optionalString("token", min: 1, max: JWSCompact.bytesMax)
        let tokenID = try reader.optionalString("token_id", min: 1)
        let tokenIDs = try reader.optionalStrings("token_ids", max: Self.tokenIDsMax, each: StateLimits.tokenIDBytesMax)
        let name = try reader.optionalString("subject", min: 1, max: StateLimits.textBytesMax)
        let keyID = try reader.optionalString("key_id", min: 1, max: StateLimits.tokenIDBytesMax)
        let certificate = try reader.optionalString("certificate", min: 1, max: CertificateBody.certificateBytesMax)
        let before = try reader.optionalInteger("before", in: 0...(StateLimits.timeMillisecondsMax / 1_000))
        reason = try reader.optionalString("reason", min: 1, max: StateLimits.textBytesMax)
        switch try reader.optionalString("wait") {
        case nil, "committed": waitsEverywhere = false
        case "everywhere": waitsEverywhere = true
        default: throw reader.error("wait", "must be committed or everywhere")
        }
        var given: [Subject] = []
        if let token { given.append(.token(Array(token.utf8))) }
        if let tokenID { given.append(.tokenID(tokenID)) }
        if let tokenIDs {
            guard !tokenIDs.isEmpty else { throw reader.error("token_ids", "must not be empty") }
            given.append(.many(tokenIDs))
        }
        if let name { given.append(.broad(.subject(name, before: before))) }
        if let keyID { given.append(.keyID(keyID)) }
        if let certificate {
            guard let fingerprint = Self.fingerprint(certificate) else {
                throw reader.error("certificate", "must be a fingerprint of 64 hexadecimal digits, or a certificate in PEM")
            }
            given.append(.broad(.certificate(fingerprint: fingerprint)))
        }
        if given.isEmpty, let before { given.append(.broad(.everything(before: before))) }
        guard given.count == 1 else {
            throw reader.error("token", "or token_id, token_ids, subject, key_id, certificate or before alone must be given, and one of them only")
        }
        if before != nil, name == nil, case .broad(.everything) = given[0] {} else if before != nil, name == nil {
            throw reader.error("before", "goes with subject, or alone")
        }
        subject = given[0]
    }

    private static func fingerprint(_ text: String) -> String? {
        if Fingerprint.isValid(text.lowercased()) { return text.lowercased() }
        return (try? Certificate(pem: text))?.fingerprint
    }

    func command(_ exchange: Exchange) throws(Problem) -> CommandBody {
        switch subject {
        case .many(let ids):
            return .revokeTokens(RevokeTokens(ids.map { RevokeTokens.Token(id: $0, expiresAt: nil) }, reason: reason))
        case .tokenID(let id): return .revokeToken(RevokeToken(tokenID: id, expiresAt: nil, reason: reason))
        case .token(let bytes):
            let verified = try genuine(bytes, exchange)
            return .revokeToken(RevokeToken(tokenID: verified.tokenID, expiresAt: verified.expiresAt, reason: reason))
        case .keyID(let id):
            // An imported key may have any kid, one that looks like a fingerprint too.
            let isCertificate = exchange.state.signingKeys[id] == nil && Fingerprint.isValid(id)
            return .revoke(Revoke(isCertificate ? .certificate(fingerprint: id) : .key(kid: id), reason: reason))
        case .broad(let target): return .revoke(Revoke(target, reason: reason))
        }
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
    /// Shorter bodies are read sooner than a thread takes them over.
    private static let inlineBytesMax = 64 << 10

    fileprivate func revocationRequest() async throws(Problem) -> RevocationRequest {
        guard request.body.count > Self.inlineBytesMax else { return try decodeBody(.refused, RevocationRequest.init) }
        return try await offLoop { try decodeBody(.refused, RevocationRequest.init) }
    }

    /// A bounded stream of entries, one after the other: heartbeats and the changes of others go between them. What was
    /// committed before a failure stays so, and is told; asking again is harmless.
    fileprivate func revoke(_ ids: [String], _ request: RevocationRequest) async throws(Problem) -> Answer {
        var last: Committed?
        var revokedCount: Int64 = 0
        for start in stride(from: 0, to: ids.count, by: RevokeTokens.countMax) {
            let part = ids[start..<min(start + RevokeTokens.countMax, ids.count)].map { RevokeTokens.Token(id: $0, expiresAt: nil) }
            let committed: Committed
            do throws(Problem) {
                committed = try await proposeNext(.revokeTokens(RevokeTokens(part, reason: request.reason)))
            } catch {
                throw error.afterPart(start, of: ids.count)
            }
            revokedCount += Int64(committed.result.id) ?? 0
            last = committed
        }
        guard let last else { throw .field("token_ids", "must not be empty") }
        guard case .object(var answer) = try await answer(last, waitsEverywhere: request.waitsEverywhere) else { return .sync(.null) }
        answer["id"] = .string(String(last.index.rawValue))
        answer["count"] = .integer(revokedCount)
        return .created(.object(answer), location: "/1.0/revocations")
    }

    /// Longer than any bound of staleness, and what clocks may differ by.
    private static let removedSecondsMin = ClusterSettings.maxStalenessRange.upperBound / 1_000 + 60

    /// Nobody else can still be accepting it: there is no other member, nor was there one a moment ago.
    private func isAlone(_ state: TrustState) -> Bool {
        let limit = settings.wallClock() - Self.removedSecondsMin
        return state.members.count <= 1 && state.removedMembers.values.allSatisfy { $0.removedAt < limit }
    }

    fileprivate func answer(_ committed: Committed, waitsEverywhere: Bool) async throws(Problem) -> JSON {
        let state = member.view.tokens.state
        var answer: JSONObject = [
            "id": .string(committed.result.id), "index": .integer(Int64(clamping: committed.index.rawValue)),
            "effective_everywhere": .bool(waitsEverywhere || isAlone(state)),
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

extension Problem {
    /// Of a list that was to be revoked: how far it came.
    func afterPart(_ count: Int, of all: Int) -> Problem {
        guard count > 0 else { return self }
        var problem = self
        problem.message += "; of the \(all) token_ids the first \(count) are revoked and stay so; ask again with the whole list to go on"
        return problem
    }
}
