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
            // The numbers of an RSA key are checked for longer than a request loop may stand still.
            let key = try await exchange.offLoop { try request.key() }
            switch key {
            case .secret(let secret, let origin): return try await exchange.importSecret(secret, from: origin, name: request.name)
            case .signing(let key): return try await exchange.importSigningKey(key, activateIn: request.activateIn)
            }
        }
    ]

    private static let document = EndpointDocument(
        summary: "Take over a key, so that tokens signed with it are accepted on every member. A secret that is here already changes nothing",
        body: [
            .required("kind", .string, "\(KeyImportRequest.Kind.namesText): what the key is."),
            .optional(
                "private_key", .string,
                "forest and lotus: the secret of the node's auth-jwt-private entry in base64, as its keystore has it; nothing else of the keystore belongs here."),
            .optional(
                "jwk", .object,
                "jwk: a private key, or a symmetric one, which without a kid is a node's secret. Its kid is kept: it is how tokens find their key."),
            .optional("pem", .string, "pem: one private key, not encrypted."),
            .optional("algorithm", .string, "jwk and pem: what it signs with, where the key does not say; an RSA key must."),
            .optional("kid", .string, "pem: the kid that its tokens carry. Default: the RFC 7638 thumbprint."),
            .optional("activate_in", .integer, "jwk and pem: seconds before which it must not sign, as for a new key."),
            .optional("name", .string, "For a node's secret: which node it is, for people."),
        ],
        statuses: [200, 201])
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

    fileprivate func importSigningKey(_ key: JWSSigningKey, activateIn: Int64?) async throws(Problem) -> Answer {
        guard let algorithm = key.algorithm.signingKeyAlgorithm else { throw .field("algorithm", "is none that the cluster signs with") }
        let requestID = try requestID
        do throws(ProposeError) {
            let record = try await member.importSigningKey(
                key, activateIn: activateIn ?? announcement(of: algorithm), by: actor, requestID: requestID, timeout: conditions.timeout)
            return .created(KeyEndpoints.json(record), location: "/1.0/keys/\(record.kid)")
        } catch {
            throw Problem(error)
        }
    }
}
