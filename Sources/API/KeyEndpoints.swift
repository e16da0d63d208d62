import Cluster
import Crypto
import HashTreeCollections
import JOSE
import Tokens
import TrustStore

/// Signing keys, and the imported secrets beside them. Private parts are returned by none of these.
enum KeyEndpoints {
    static let all: [Endpoint] = [
        .get("/1.0/keys", .scope(.read), EndpointDocument(summary: "The signing keys, oldest first, then the imported ones")) {
            (exchange) throws(Problem) in
            let keys = exchange.state.signingKeys.values.sorted { ($0.createdAt, $0.kid) < ($1.createdAt, $1.kid) }
            let imported = exchange.state.importedKeys.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            return .sync(.array(keys.map(json) + imported.map(json)))
        },
        .get("/1.0/keys/{id}", .scope(.read), EndpointDocument(summary: "One key; of a key pair, the public half too, as jwk and as pem")) {
            (exchange) throws(Problem) in
            let id = exchange.parameter("id")
            if let key = exchange.state.importedKeys[id] { return .sync(json(key)) }
            guard let key = exchange.state.signingKeys[id] else { throw .notFound("no such key") }
            return .sync(withPublicHalf(key))
        },
        .post("/1.0/keys", .scope(.admin), creation, reading: KeyRequest.init) {
            (exchange, request) async throws(Problem) in
            let key = try await exchange.createSigningKey(request)
            return .created(json(key), location: "/1.0/keys/\(key.kid)")
        },
        .post("/1.0/keys/{id}/retire", .scope(.admin), retirement, reading: RetireRequest.init) {
            (exchange, request) async throws(Problem) in
            let kid = exchange.parameter("id")
            if exchange.state.importedKeys[kid] != nil {
                throw .conflict("an imported key signs nothing here, so it does not retire; delete it to refuse its tokens")
            }
            guard let key = exchange.state.signingKeys[kid] else { throw .notFound("no such signing key") }
            let seconds = request.retireIn ?? key.tokenSecondsMax
            _ = try await exchange.propose(.retireSigningKey(kid: kid, retiringSeconds: seconds))
            let record = exchange.member.view.tokens.state.signingKeys[kid]
            return .sync(record.map(json) ?? .object([:]))
        },
        .delete("/1.0/keys/{id}", .scope(.admin), removal) { (exchange) async throws(Problem) in
            let isForced = try exchange.query.value("force") == "true"
            if let key = exchange.state.importedKeys[exchange.parameter("id")] {
                guard isForced else { throw .conflict(consequences(of: key)) }
                _ = try await exchange.propose(.removeImportedKey(id: key.id))
                return .sync(.object([:]))
            }
            guard let key = exchange.state.signingKeys[exchange.parameter("id")] else { throw .notFound("no such key") }
            guard key.state == .retired || isForced else { throw .conflict(consequences(of: key, in: exchange.state)) }
            if key.state != .retired { _ = try await exchange.propose(.retireSigningKey(kid: key.kid, retiringSeconds: 0)) }
            _ = try await exchange.proposeNext(.removeSigningKey(kid: key.kid))
            return .sync(.object([:]))
        },
    ]

    private static let removal = EndpointDocument(
        summary: "Destroy a key that is retired; or any key, an imported one too, with force=true, and refuse at once all that it signed",
        query: [EndpointDocument.Parameter(name: "force", summary: "true destroys a key that still signs or verifies.")],
        statuses: [200, 409])

    private static func consequences(of key: SigningKeyRecord, in state: TrustState) -> String {
        let others = state.signingKeys.values.contains { $0.kid != key.kid && $0.state == .active && $0.algorithm == key.algorithm }
        let signing = key.state == .active && !others ? ", and nothing would be signed with \(key.algorithm.rawValue) any more" : ""
        let until = key.retireAfter.map { " until \(RFC3339.text($0))" } ?? ""
        return "the key is \(key.state.rawValue): its tokens are accepted\(until). Without it every one of them is refused at once, on every "
            + "member\(signing). Retire it instead, or destroy it with force=true (credence key delete --force)"
    }

    private static func consequences(of key: ImportedKeyRecord) -> String {
        let whose =
            switch key.origin {
            case .forest: "of the Forest node it came from"
            case .lotus: "of the Lotus node it came from"
            case .jwk: "that were signed with it"
            case .cluster: "that Filecoin.AuthNew and `credence auth create-token` made here"
            }
        return "the key verifies the tokens \(whose)\(key.name.map { " (\($0))" } ?? ""). Without it every one of them is refused at "
            + "once, on every member. Destroy it with force=true (credence key delete --force)"
    }

    private static let creation = EndpointDocument(
        summary: "Make a signing key. It is published first and signs once every member knows it",
        body: [
            .required("algorithm", .string, "\(SigningKeyAlgorithm.namesText)."),
            .optional("activate_in", .integer, "Seconds before which it must not sign. Default: 120 when it replaces a key pair, so that copies of the key set have it by then; else 0."),
        ],
        statuses: [201])

    private static let retirement = EndpointDocument(
        summary: "Stop signing with a key; what it signed is accepted until retire_in has passed",
        body: [
            .optional(
                "retire_in", .integer,
                "Seconds for which its tokens are still accepted; 0 refuses them at once. Default: the longest lifetime of a token."
            )
        ])

    private static func withPublicHalf(_ key: SigningKeyRecord) -> JSON {
        guard case .object(var object) = json(key), let spki = key.publicKey, let publicKey = try? PublicKey(spki: spki) else { return json(key) }
        object["jwk"] = (try? JWK(publicKey, algorithm: key.algorithm.jws, keyID: key.kid))?.json
        object["pem"] = .string(PEM.encode(label: "PUBLIC KEY", spki))
        return .object(object)
    }

    static func json(_ key: SigningKeyRecord) -> JSON {
        .object([
            "id": .string(key.kid), "algorithm": .string(key.algorithm.rawValue), "state": .string(key.state.rawValue),
            "public_key": key.publicKey.map { .string(PEM.encode(label: "PUBLIC KEY", $0)) } ?? .null,
            "created_at": .string(RFC3339.text(key.createdAt)),
            "activate_after": time(key.activateAfter), "activated_at": time(key.activatedAt),
            "retiring_at": time(key.retiringAt), "retire_after": time(key.retireAfter), "retired_at": time(key.retiredAt),
        ])
    }

    static func json(_ key: ImportedKeyRecord) -> JSON {
        .object([
            "id": .string(key.id), "algorithm": .string(SigningKeyAlgorithm.hs256.rawValue), "state": "imported",
            "origin": .string(key.origin.rawValue), "name": key.name.map(JSON.string) ?? .null,
            "created_at": .string(RFC3339.text(key.createdAt)), "created_by": .string(key.createdBy),
        ])
    }

    private static func time(_ moment: Int64?) -> JSON {
        moment.map { .string(RFC3339.text($0)) } ?? .null
    }
}

extension Exchange {
    /// A key that replaces another is published for a while before it signs. The first of its algorithm signs at once:
    /// nobody can have a copy of the set that misses it and did without.
    func announcement(of algorithm: SigningKeyAlgorithm) -> Int64? {
        let isReplacement = state.signingKeys.values.contains { $0.algorithm == algorithm && $0.state == .active && algorithm.hasPublicKey }
        return isReplacement ? Member.keyAnnouncementSeconds : nil
    }

    fileprivate func createSigningKey(_ request: KeyRequest) async throws(Problem) -> SigningKeyRecord {
        let requestID = try requestID
        do throws(ProposeError) {
            return try await member.createSigningKey(
                request.algorithm.jws, activateIn: request.activateIn ?? announcement(of: request.algorithm), by: actor,
                requestID: requestID)
        } catch {
            throw Problem(error)
        }
    }
}

struct KeyRequest {
    let algorithm: SigningKeyAlgorithm
    let activateIn: Int64?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let algorithm = SigningKeyAlgorithm(rawValue: try reader.string("algorithm")) else {
            throw reader.error("algorithm", "must be one of \(SigningKeyAlgorithm.namesText)")
        }
        self.algorithm = algorithm
        activateIn = try reader.optionalInteger("activate_in", in: 0...StateLimits.secondsMax)
    }
}

struct RetireRequest {
    let retireIn: Int64?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        retireIn = try reader.optionalInteger("retire_in", in: 0...StateLimits.secondsMax)
    }
}
