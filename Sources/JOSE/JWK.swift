package import Crypto

/// A public key as JSON (RFC 7517, RFC 7518 §6, RFC 8037), bound to the one algorithm it is used with.
/// Private and symmetric keys have no JSON form here, so that none can be published by mistake.
package struct JWK: Sendable {
    package let keyID: String
    package let algorithm: JWSAlgorithm
    package let publicKey: PublicKey
    /// The members that are the key itself and go into the thumbprint, in the order of RFC 7638 §3.2.
    private let material: JSONObject

    /// - Parameters:
    ///   - algorithm: nil where the kind of key leaves no choice.
    ///   - keyID: the thumbprint when nil.
    package init(_ publicKey: PublicKey, algorithm named: JWSAlgorithm? = nil, keyID: String? = nil) throws(JWKError) {
        guard let algorithm = named ?? .only(for: publicKey.type) else { throw .algorithmMissing }
        guard algorithm.fits(publicKey.type) else { throw .unsupported(member: named == nil ? "kty" : "alg") }
        guard let material = Self.material(of: publicKey) else { throw .unsupported(member: "kty") }
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.material = material
        self.keyID = keyID ?? Self.thumbprint(of: material)
    }

    /// The RFC 7638 thumbprint, base64url; the `kid` of every key of the cluster.
    package var thumbprint: String { Self.thumbprint(of: material) }

    package var json: JSON {
        var object = material
        object["kid"] = .string(keyID)
        object["alg"] = .string(algorithm.rawValue)
        object["use"] = "sig"
        return .object(object)
    }

    /// RFC 7638 §3: SHA-256 of the required members only, names in order, no white space.
    static func thumbprint(of material: JSONObject) -> String {
        Base64URL.encode(SHA256.hash(JSON.object(material).encoded()))
    }

    private static func material(of key: PublicKey) -> JSONObject? {
        if let curve = curveName(of: key.type), let (x, y) = key.coordinates {
            return [
                "crv": .string(curve), "kty": "EC", "x": .string(Base64URL.encode(x)), "y": .string(Base64URL.encode(y)),
            ]
        }
        if let raw = key.ed25519Bytes { return ["crv": "Ed25519", "kty": "OKP", "x": .string(Base64URL.encode(raw))] }
        guard let (modulus, exponent) = key.rsaNumbers else { return nil }
        return ["e": .string(Base64URL.encode(exponent)), "kty": "RSA", "n": .string(Base64URL.encode(modulus))]
    }

    /// RFC 7518 §6.2.1.1.
    private static func curveName(of type: KeyType) -> String? {
        switch type {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        case .ed25519, .rsa: nil
        }
    }
}
