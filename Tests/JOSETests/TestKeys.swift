import Crypto
import JOSE

/// Signing keys for tests. Those of RSA share one pair, because making one takes long.
enum TestKeys {
    private static let rsa = try! JWSSigningKey.generate(.rs256, rsaBits: 2_048).secret()

    static func make(_ algorithm: JWSAlgorithm) throws -> JWSSigningKey {
        switch algorithm.signature {
        case .rsaPKCS1, .rsaPSS: try JWSSigningKey(algorithm, secret: rsa)
        default: try .generate(algorithm)
        }
    }
}
