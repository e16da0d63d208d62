package import Crypto

/// A public key as JSON (RFC 7517, RFC 7518 §6, RFC 8037), bound to the one algorithm it is used with.
/// Private and symmetric keys have no JSON form here, so that none can be published by mistake.
package struct JWK: Sendable {
    package let keyID: String
    package let algorithm: JWSAlgorithm
    package let publicKey: PublicKey
    /// The members that are the key itself and go into the thumbprint, in the order of RFC 7638 §3.2.
    private let material: JSONObject

    /// - Parameter keyID: the thumbprint when nil.
    package init(_ publicKey: PublicKey, keyID: String? = nil) throws(JWKError) {
        let (algorithm, material) = try Self.describe(publicKey)
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

    private static func describe(_ key: PublicKey) throws(JWKError) -> (JWSAlgorithm, JSONObject) {
        if key.type == .p256, let (x, y) = key.coordinates {
            let material: JSONObject = [
                "crv": "P-256", "kty": "EC",
                "x": .string(Base64URL.encode(x)), "y": .string(Base64URL.encode(y)),
            ]
            return (.es256, material)
        }
        if let raw = key.ed25519Bytes {
            return (.edDSA, ["crv": "Ed25519", "kty": "OKP", "x": .string(Base64URL.encode(raw))])
        }
        throw .unsupported(member: "kty")
    }
}
