extension JWSCompact {
    /// Makes a token: `header.payload.signature`, the header's `alg` and `kid` taken from the key.
    package static func sign(
        payload: [UInt8], type: String, with key: JWSSigningKey
    ) throws(JWSKeyError) -> [UInt8] {
        let header: JSON = [
            "alg": .string(key.algorithm.rawValue), "typ": .string(type), "kid": .string(key.keyID),
        ]
        return try sign(header: header, payload: payload, with: key)
    }

    /// With a header of the caller's own making, which may well be a wrong one: for tokens of nodes, which name no key, and for tests.
    package static func sign(
        header: JSON, payload: [UInt8], with key: JWSSigningKey
    ) throws(JWSKeyError) -> [UInt8] {
        var token: [UInt8] = []
        Base64URL.encode(header.encoded().span, into: &token)
        token.append(UInt8(ascii: "."))
        Base64URL.encode(payload.span, into: &token)
        let signature = try key.sign(token.span)
        token.append(UInt8(ascii: "."))
        Base64URL.encode(signature.span, into: &token)
        return token
    }
}
