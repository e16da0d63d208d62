package import Crypto

/// Private keys that their owner hands over, with the name that their tokens carry.
extension JWSSigningKey {
    /// - Parameter algorithm: nil where the kind of key leaves no choice.
    package init(importing key: PrivateKey, algorithm named: JWSAlgorithm?, keyID: String?) throws(JWKError) {
        guard let algorithm = named ?? .only(for: key.type) else { throw .algorithmMissing }
        try self.init(key, algorithm, keyID: keyID)
    }

    /// A private or symmetric JWK (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037). It keeps its `kid`, by which the tokens it signed
    /// find it.
    ///
    /// - Parameter algorithm: for a key that does not say itself what it is used with.
    package init(importing json: JSON, algorithm named: JWSAlgorithm? = nil) throws(JWKError) {
        do {
            var reader = try JSONObjectReader(json)
            let keyID = try reader.optionalString("kid", min: 1)
            let usage = try JWKUsage(&reader)
            let own = try usage.algorithm()
            guard own == nil || named == nil || own == named else { throw JWKError.unsupported(member: "alg") }
            if json["kty"] == "oct" {
                let secret = SecretBytes(try reader.base64URL("k", maxBytes: Self.secretBytesMax))
                try self.init(secret, own ?? named ?? .hs256, keyID: keyID)
            } else {
                try self.init(importing: try PrivateKey(jwk: &reader), algorithm: own ?? named, keyID: keyID)
            }
            try usage.check(allows: algorithm)
        } catch let error as JSONFieldError {
            throw .malformed(error)
        } catch let error as JWKError {
            throw error
        } catch {
            throw .invalidKey
        }
    }

    /// As long as the longest hash is enough; more than this is no HMAC key.
    private static var secretBytesMax: Int { 1_024 }
}

extension PrivateKey {
    fileprivate convenience init(jwk reader: inout JSONObjectReader) throws {
        let curve = try reader.optionalString("crv")
        switch (try reader.string("kty"), curve) {
        case ("EC", "P-256"): try self.init(ellipticJWK: &reader, .p256)
        case ("EC", "P-384"): try self.init(ellipticJWK: &reader, .p384)
        case ("EC", "P-521"): try self.init(ellipticJWK: &reader, .p521)
        case ("OKP", "Ed25519"):
            try self.init(ed25519: try reader.base64URL("d", maxBytes: 32), publicKey: try reader.base64URL("x", maxBytes: 32))
        case ("RSA", _): try self.init(rsaJWK: &reader)
        case ("EC", _), ("OKP", _): throw JWKError.unsupported(member: "crv")
        default: throw JWKError.unsupported(member: "kty")
        }
    }

    private convenience init(ellipticJWK reader: inout JSONObjectReader, _ curve: KeyType) throws {
        let count = curve.coordinateByteCount ?? 0
        try self.init(
            curve, scalar: try reader.base64URL("d", maxBytes: count), x: try reader.base64URL("x", maxBytes: count),
            y: try reader.base64URL("y", maxBytes: count))
    }

    private convenience init(rsaJWK reader: inout JSONObjectReader) throws {
        // RFC 7518 §6.3.2.7: more than two primes, which nobody makes.
        guard reader.optionalValue("oth") == nil else { throw JWKError.unsupported(member: "oth") }
        func number(_ name: String) throws(JSONFieldError) -> [UInt8] {
            try reader.base64URL(name, maxBytes: SignatureAlgorithm.rsaBits.upperBound / 8)
        }
        let numbers = RSANumbers(
            modulus: try number("n"), publicExponent: try number("e"), privateExponent: try number("d"),
            primes: [try number("p"), try number("q")], remainders: [try number("dp"), try number("dq"), try number("qi")])
        try self.init(numbers)
    }
}
