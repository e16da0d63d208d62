import Cluster
import Crypto
import HTTPTypes
import HashTreeCollections
import JOSE
import Tokens
import TrustStore

/// Keys of other programs, taken over so that their tokens are accepted here.
enum KeyImportEndpoints {
    static let all: [Endpoint] = [
        .post("/1.0/keys/import", .scope(.admin), document, reading: KeyImportRequest.init) {
            (exchange, request) async throws(Problem) in
            switch request.material {
            case .secret(let secret, let origin): try await exchange.importSecret(secret, from: origin, name: request.name)
            }
        }
    ]

    private static let document = EndpointDocument(
        summary: "Take over a key, so that tokens signed with it are accepted on every member. One that is here already changes nothing",
        body: [
            .required("kind", .string, "\(KeyImportRequest.Kind.namesText): what the key is."),
            .optional(
                "private_key", .string,
                "forest and lotus: the secret of the node's auth-jwt-private entry in base64, as its keystore has it; nothing else of the keystore belongs here."),
            .optional("name", .string, "forest and lotus: which node it is, for people."),
        ],
        statuses: [200, 201])
}

struct KeyImportRequest {
    enum Kind: String, CaseIterable {
        case forest, lotus

        static var namesText: String { allCases.map(\.rawValue).joined(separator: ", ") }
    }

    enum Material {
        case secret(SecretBytes, ImportedKeyOrigin)
    }

    /// Nodes make 32 bytes.
    static let secretBytesMax = 1_024

    let material: Material
    let name: String?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let kind = Kind(rawValue: try reader.string("kind")) else {
            throw reader.error("kind", "must be one of \(Kind.namesText)")
        }
        name = try reader.optionalString("name", min: 1, max: StateLimits.textBytesMax)
        material =
            switch kind {
            case .forest: .secret(try Self.secret(&reader), .forest)
            case .lotus: .secret(try Self.secret(&reader), .lotus)
            }
    }

    private static func secret(_ reader: inout JSONObjectReader) throws(JSONFieldError) -> SecretBytes {
        let text = try reader.string("private_key", max: secretBytesMax * 2)
        guard let bytes = Base64.decode(text), bytes.count <= secretBytesMax else {
            throw reader.error("private_key", "must be at most \(secretBytesMax) bytes in base64")
        }
        guard bytes.count >= HMAC(.sha256).byteCount else {
            throw reader.error("private_key", "must hold at least \(HMAC(.sha256).byteCount) bytes: whoever sees a token could find a shorter secret by trying")
        }
        return SecretBytes(bytes)
    }
}

extension Exchange {
    fileprivate func importSecret(_ secret: SecretBytes, from origin: ImportedKeyOrigin, name: String?) async throws(Problem) -> Answer {
        let requestID = try requestID
        let known = Set(state.importedKeys.keys)
        let record: ImportedKeyRecord
        do throws(ProposeError) {
            record = try await member.importKey(
                secret, from: origin, name: name, by: actor, requestID: requestID, timeout: conditions.timeout)
        } catch {
            throw Problem(error)
        }
        let answer = KeyEndpoints.json(record)
        return known.contains(record.id) ? .sync(answer) : .created(answer, location: "/1.0/keys/\(record.id)")
    }
}
