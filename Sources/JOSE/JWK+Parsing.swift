import Crypto

extension JWK {
    /// Reads a public key. Members not known here are ignored (RFC 7517 §4), and so are private parts.
    package init(_ json: JSON) throws(JWKError) {
        do {
            var reader = try JSONObjectReader(json)
            let keyID = try reader.optionalString("kid")
            let usage = try JWKUsage(&reader)
            let key = try Self.publicKey(&reader)
            try self.init(key, keyID: keyID)
            try usage.check(allows: algorithm)
        } catch let error as JSONFieldError {
            throw .malformed(error)
        } catch let error as JWKError {
            throw error
        } catch {
            throw .invalidKey
        }
    }

    private static func publicKey(_ reader: inout JSONObjectReader) throws -> PublicKey {
        let curve = try reader.optionalString("crv")
        switch (try reader.string("kty"), curve) {
        case ("EC", "P-256"):
            let x = try reader.base64URL("x", maxBytes: 32)
            let y = try reader.base64URL("y", maxBytes: 32)
            // RFC 7518 §6.2.1.2: full length, leading zeros included.
            guard x.count == 32, y.count == 32 else { throw JWKError.invalidKey }
            return try PublicKey(p256X: x, y: y)
        case ("OKP", "Ed25519"):
            let x = try reader.base64URL("x", maxBytes: 32)
            guard x.count == 32 else { throw JWKError.invalidKey }
            return try PublicKey(ed25519: x)
        case ("EC", _), ("OKP", _):
            throw JWKError.unsupported(member: "crv")
        default:
            throw JWKError.unsupported(member: "kty")
        }
    }
}

/// What a JWK says it is for: `use`, `key_ops` and `alg` (RFC 7517 §4.2 to §4.4), all optional.
struct JWKUsage {
    private let use: String?
    private let operations: [String]?
    private let algorithmName: String?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        use = try reader.optionalString("use")
        operations = try reader.optionalStrings("key_ops")
        algorithmName = try reader.optionalString("alg")
    }

    func check(allows algorithm: JWSAlgorithm) throws(JWKError) {
        guard use == nil || use == "sig" else { throw .wrongUse }
        if let operations {
            guard operations.contains("verify") || operations.contains("sign") else { throw .wrongUse }
        }
        guard let algorithmName else { return }
        guard JWSAlgorithm(exactName: algorithmName) == algorithm else { throw .unsupported(member: "alg") }
    }
}
