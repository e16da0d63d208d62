import Foundation
import JWTKit

/// Verifies tokens with jwt-kit on one thread, for some seconds of processor time, and prints how many it did in a second of it.
///
///     TokenVerification ALGORITHM KEY.pem TOKENS SECONDS
///
/// `TOKENS` has one token a line, all signed by that key; its id is in their headers.
@main
enum TokenVerification {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let seconds = Double(arguments[4]) else {
            fatalError("usage: TokenVerification ALGORITHM KEY.pem TOKENS SECONDS")
        }
        let tokens = try String(contentsOfFile: arguments[3], encoding: .utf8).split(separator: "\n").map { Array($0.utf8) }
        let keys = JWTKeyCollection()
        try await add(pem: String(contentsOfFile: arguments[2], encoding: .utf8), for: arguments[1], id: keyID(of: tokens[0]), to: keys)
        _ = try await rate(of: keys, tokens, seconds: seconds / 10)
        print(Int(try await rate(of: keys, tokens, seconds: seconds)))
    }

    private static func rate(of keys: JWTKeyCollection, _ tokens: [[UInt8]], seconds: Double) async throws -> Double {
        var count = 0
        let start = processorSeconds
        while processorSeconds - start < seconds {
            for token in tokens { _ = try await keys.verify(token, as: Claims.self) }
            count += tokens.count
        }
        return Double(count) / (processorSeconds - start)
    }

    private static var processorSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    private static func add(pem: String, for algorithm: String, id: JWKIdentifier, to keys: JWTKeyCollection) async throws {
        switch algorithm {
        case "ES256": await keys.add(ecdsa: try ES256PublicKey(pem: pem), kid: id)
        case "RS256": await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha256, kid: id)
        case "EdDSA": await keys.add(eddsa: try EdDSA.PublicKey(pem: pem), kid: id)
        default: fatalError("no such algorithm: \(algorithm)")
        }
    }

    private static func keyID(of token: [UInt8]) throws -> JWKIdentifier {
        let header = try DefaultJWTParser().parse(token, as: Claims.self).header
        guard let id = header.kid else { fatalError("the token names no key") }
        return JWKIdentifier(string: id)
    }
}
