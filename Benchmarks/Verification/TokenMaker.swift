import Crypto
import JOSE

/// Signs tokens for a benchmark with the claims that minted ones have.
struct TokenMaker {
    let signing: JWSSigningKey

    /// - Parameter count: how many tokens, all different.
    func clusterTokens(_ count: Int, now: Int64) throws -> [[UInt8]] {
        let header: JSONObject = ["alg": .string(signing.algorithm.rawValue), "typ": "JWT", "kid": .string(signing.keyID)]
        return try (0..<count).map { number in
            try token(header, [
                "iss": .string(StoreRows.issuer), "sub": "bench", "iat": .integer(now), "nbf": .integer(now), "exp": .integer(now + 86_400),
                "jti": .string(Base64URL.encode(SeededBytes.bytes(16, seed: -1 - number))), "scope": "read",
            ])
        }
    }

    /// Those that the holder of a certificate signs for himself.
    func clientTokens(_ count: Int, _ certificate: Certificate, now: Int64) throws -> [[UInt8]] {
        let header: JSONObject = ["alg": .string(signing.algorithm.rawValue), "typ": "JWT"]
        return try (0..<count).map { number in
            try token(header, [
                "sub": .string(certificate.fingerprint), "iat": .integer(now), "nbf": .integer(now), "exp": .integer(now + 86_400 + Int64(number)),
            ])
        }
    }

    private func token(_ header: JSONObject, _ claims: JSONObject) throws -> [UInt8] {
        let parts = [header, claims].map { Base64URL.encode(JSON.object($0).encoded()) }
        let signed = Array(parts.joined(separator: ".").utf8)
        return signed + [UInt8(ascii: ".")] + Base64URL.encode(try signing.sign(signed.span)).utf8
    }
}
