import Crypto
import FoundationEssentials
import JOSE

/// A key and tokens by it as files, which other programs verify too.
enum TokenFiles {
    struct UnknownAlgorithm: Error { let name: String }
    struct Unreadable: Error {}

    /// Twice as many as the caches of `Throughput` hold, so that none is remembered until its next turn.
    private static let tokensCount = 128

    static func make(_ name: String, in folder: String) throws {
        let algorithm = try algorithm(name)
        let signing = try JWSSigningKey.generate(algorithm, rsaBits: 2_048)
        guard let publicKey = signing.verificationKey.publicKey else { throw UnknownAlgorithm(name: name) }
        let now = Int64(Date().timeIntervalSince1970)
        let tokens = try TokenMaker(signing: signing).clusterTokens(tokensCount, now: now).map { String(decoding: $0, as: UTF8.self) }
        try write(tokens.joined(separator: "\n"), to: "\(folder)/\(name).tokens")
        try write(PEM.encode(label: "PUBLIC KEY", publicKey.spki), to: "\(folder)/\(name).pem")
    }

    static func read(_ name: String, key: String, tokens: String) throws -> (StoredKey, [[UInt8]]) {
        let tokens = try String(contentsOfFile: tokens, encoding: .utf8).split(separator: "\n").map { Array($0.utf8) }
        guard let first = tokens.first, let id = try JWSCompact(parsing: first.span).header.keyID,
            let block = try PEM.decode(String(contentsOfFile: key, encoding: .utf8)).first
        else { throw Unreadable() }
        return (StoredKey(id: id, algorithm: try algorithm(name), publicKey: try PublicKey(spki: block.bytes)), tokens)
    }

    private static func algorithm(_ name: String) throws -> JWSAlgorithm {
        guard let algorithm = JWSAlgorithm(rawValue: name) else { throw UnknownAlgorithm(name: name) }
        return algorithm
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
