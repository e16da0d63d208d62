import Crypto

extension JWK {
    /// Reads a public key. Members not known here are ignored (RFC 7517 §4), and so are private parts.
    package init(_ json: JSON) throws(JWKError) {
        do {
            var reader = try JSONObjectReader(json)
            let keyID = try reader.optionalString("kid")
            let usage = try JWKUsage(&reader)
            // First, so that a key for something else is skipped in a set, whatever its numbers.
            let algorithm = try usage.algorithm()
            let key = try Self.publicKey(&reader)
            try self.init(key, algorithm: algorithm, keyID: keyID)
            try usage.check(allows: self.algorithm)
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
        case ("EC", "P-256"): return try point(&reader, .p256)
        case ("EC", "P-384"): return try point(&reader, .p384)
        case ("EC", "P-521"): return try point(&reader, .p521)
        case ("RSA", _):
            let modulus = try reader.base64URL("n", maxBytes: SignatureAlgorithm.rsaBits.upperBound / 8)
            return try PublicKey(rsaModulus: modulus, exponent: try reader.base64URL("e", maxBytes: 8))
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

    /// RFC 7518 §6.2.1.2: coordinates have the curve's full length, leading zeros included.
    private static func point(_ reader: inout JSONObjectReader, _ curve: KeyType) throws -> PublicKey {
        let byteCount = curve.coordinateByteCount ?? 0
        let x = try reader.base64URL("x", maxBytes: byteCount)
        let y = try reader.base64URL("y", maxBytes: byteCount)
        return try PublicKey(curve, x: x, y: y)
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

    /// The one the key is bound to; nil when it names none.
    func algorithm() throws(JWKError) -> JWSAlgorithm? {
        guard let algorithmName else { return nil }
        guard let algorithm = JWSAlgorithm(exactName: algorithmName) else { throw .unsupported(member: "alg") }
        return algorithm
    }

    func check(allows algorithm: JWSAlgorithm) throws(JWKError) {
        guard use == nil || use == "sig" else { throw .wrongUse }
        if let operations {
            guard operations.contains("verify") || operations.contains("sign") else { throw .wrongUse }
        }
        guard try self.algorithm() ?? algorithm == algorithm else { throw .unsupported(member: "alg") }
    }
}
