import Crypto
import JOSE
import Tokens
import TrustStore

/// The body of `POST /1.0/keys/import`. Nothing of it is ever repeated in an answer or a log.
struct KeyImportRequest: Sendable {
    enum Kind: String, CaseIterable {
        case forest, lotus, jwk, pem

        static var namesText: String { allCases.map(\.rawValue).joined(separator: ", ") }

        var members: Set<String> {
            switch self {
            case .forest, .lotus: ["private_key", "name"]
            case .jwk: ["jwk", "algorithm", "activate_in", "name"]
            case .pem: ["pem", "algorithm", "kid", "activate_in"]
            }
        }
    }

    /// What becomes of it: a secret that kid-less tokens are tried with, or a key of the cluster's own kind.
    enum Key: Sendable {
        case secret(SecretBytes, ImportedKeyOrigin)
        case signing(JWSSigningKey)
    }

    private enum Material: Sendable {
        case secret(SecretBytes, ImportedKeyOrigin)
        case jwk(JSON)
        case pem(String, kid: String?)
    }

    /// Nodes make 32 bytes.
    static let secretBytesMax = 1_024

    let name: String?
    let activateIn: Int64?
    private let algorithm: JWSAlgorithm?
    private let material: Material

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let kind = Kind(rawValue: try reader.string("kind")) else {
            throw reader.error("kind", "must be one of \(Kind.namesText)")
        }
        for member in ["private_key", "jwk", "pem", "algorithm", "kid", "activate_in", "name"]
        where reader.optionalValue(member) != nil && !kind.members.contains(member) {
            throw reader.error(member, "has no place with kind \(kind.rawValue)")
        }
        name = try reader.optionalString("name", min: 1, max: StateLimits.textBytesMax)
        activateIn = try reader.optionalInteger("activate_in", in: 0...StateLimits.secondsMax)
        algorithm = try reader.optionalString("algorithm").map { (text) throws(JSONFieldError) in
            guard let algorithm = SigningKeyAlgorithm(rawValue: text) else {
                throw reader.error("algorithm", "must be one of \(SigningKeyAlgorithm.namesText)")
            }
            return algorithm.jws
        }
        material =
            switch kind {
            case .forest: .secret(try Self.secret(&reader), .forest)
            case .lotus: .secret(try Self.secret(&reader), .lotus)
            case .jwk: .jwk(.object(try Self.jwk(&reader)))
            case .pem:
                .pem(
                    try reader.string("pem", min: 1, max: PrivateKey.pkcs8BytesMax * 2),
                    kid: try reader.optionalString("kid", min: 1, max: StateLimits.tokenIDBytesMax))
            }
    }

    private static func secret(_ reader: inout JSONObjectReader) throws(JSONFieldError) -> SecretBytes {
        let text = try reader.string("private_key", max: secretBytesMax * 2)
        guard let bytes = Base64.decode(text), bytes.count <= secretBytesMax else {
            throw reader.error("private_key", "must be at most \(secretBytesMax) bytes in base64")
        }
        return try long(SecretBytes(bytes), in: reader, "private_key")
    }

    private static func long(_ secret: SecretBytes, in reader: JSONObjectReader, _ field: String) throws(JSONFieldError) -> SecretBytes {
        guard secret.count >= HMAC(.sha256).byteCount else {
            throw reader.error(field, "must hold at least \(HMAC(.sha256).byteCount) bytes: whoever sees a token could find a shorter secret by trying")
        }
        return secret
    }

    private static func jwk(_ reader: inout JSONObjectReader) throws(JSONFieldError) -> JSONObject {
        guard case .object(let jwk) = try reader.value("jwk") else { throw reader.error("jwk", "must be a JSON object") }
        return jwk
    }

    /// Takes a while for RSA.
    func key() throws(Problem) -> Key {
        switch material {
        case .secret(let secret, let origin): return .secret(secret, origin)
        case .jwk(let json):
            let key: JWSSigningKey
            do throws(JWKError) {
                key = try JWSSigningKey(importing: json, algorithm: algorithm)
            } catch {
                throw .badRequest("field \"jwk\": \(error)")
            }
            return try key.algorithm.isSymmetric && json["kid"] == nil ? secret(key) : signing(key)
        case .pem(let text, let kid):
            return try signing(try Self.signingKey(pem: text, algorithm, kid: kid))
        }
    }

    /// A symmetric key whose tokens name no key.
    private func secret(_ key: JWSSigningKey) throws(Problem) -> Key {
        guard key.algorithm == .hs256, activateIn == nil else {
            throw .badRequest("field \"jwk\": without a kid it must be for HS256, and signs nothing here; with one it is a signing key")
        }
        return .secret(key.secret(), .jwk)
    }

    private func signing(_ key: JWSSigningKey) throws(Problem) -> Key {
        guard name == nil else { throw .field("name", "has no place with a signing key: its kid is its name") }
        return .signing(key)
    }

    private static func signingKey(pem text: String, _ algorithm: JWSAlgorithm?, kid: String?) throws(Problem) -> JWSSigningKey {
        let key: PrivateKey
        do throws(CryptoError) {
            key = try PrivateKey(pem: text)
        } catch {
            throw .badRequest("field \"pem\": \(error); one private key is wanted, not encrypted (openssl pkey -in FILE decrypts one)")
        }
        do throws(JWKError) {
            return try JWSSigningKey(importing: key, algorithm: algorithm, keyID: kid)
        } catch {
            throw .badRequest("field \"pem\": \(error)")
        }
    }
}
