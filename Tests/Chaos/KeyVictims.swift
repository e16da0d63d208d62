import Foundation
import JOSE

/// Tokens that have a signing key of their own each, to be revoked by the key.
enum KeyVictims {
    /// Of another algorithm than all other tokens have, so that no other is signed by these keys.
    private static let algorithm = "ES384"
    private static let patience: UInt64 = 20_000_000_000

    /// Known to every member when this returns.
    static func made(_ count: Int, by fleet: Fleet) throws -> [TrackedToken] {
        let tokens = try (0..<count).map { _ in try made(by: fleet.client(0)) }
        try fleet.awaitEqualIndexes()
        return tokens
    }

    private static func made(by client: UnixHTTPClient) throws -> TrackedToken {
        let reply = client.call("POST", "/1.0/keys", ["algorithm": .string(algorithm), "activate_in": 0], seconds: 10)
        guard let key = reply?.metadata["id"]?.stringValue else { throw ChaosError(description: "no key was made: \(reply?.error ?? "no answer")") }
        let deadline = Clock.now() + patience
        let body: JSON = ["subject": "of a key", "scopes": ["read"], "expires_in": 86_400, "algorithm": .string(algorithm)]
        while Clock.now() < deadline {
            if let token = client.call("POST", "/1.0/tokens", body, seconds: 5)?.metadata, token["key_id"]?.stringValue == key, let text = token["token"]?.stringValue {
                return TrackedToken(kind: .key, id: key, text: text)
            }
            Clock.pause(seconds: 0.05)
        }
        throw ChaosError(description: "the key \(key) does not sign")
    }
}
