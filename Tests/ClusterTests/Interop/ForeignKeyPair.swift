import JOSE

/// A key pair that openssl made, in PEM.
struct ForeignKeyPair: Sendable {
    let privateKey: String
    let publicKey: String

    private static let rsa = Task { try await make(for: "RS256") }

    /// A new one, but for RSA: those take long to make, and one serves all its algorithms.
    static func of(_ algorithm: String) async throws -> ForeignKeyPair {
        let isRSA = algorithm.hasPrefix("RS") || algorithm.hasPrefix("PS")
        return isRSA ? try await rsa.value : try await make(for: algorithm)
    }

    private static func make(for algorithm: String) async throws -> ForeignKeyPair {
        let kind =
            switch algorithm {
            case "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            case "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
            case "ES512": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]
            case "EdDSA": ["ED25519"]
            default: ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
            }
        let made = try await Command.run("openssl", ["genpkey", "-algorithm"] + kind)
        let pair = try await Command.run("openssl", ["pkey", "-pubout"], input: made.output)
        guard made.exitCode == 0, pair.exitCode == 0 else { throw TestFailure("no key for \(algorithm): \(made.transcript)") }
        return ForeignKeyPair(privateKey: made.output, publicKey: pair.output)
    }

    /// By openssl alone. Prints the subject.
    func verify(_ token: String, algorithm: String) async throws -> Command {
        try await ForeignLibrary.openssl.verify(token, publicKey: publicKey, algorithm: algorithm)
    }
}
