import Crypto
import JOSE

/// What `credence cluster add` hands out: how to find the cluster, how to know it, and a secret that
/// admits one member, once. Base64 of a JSON object, the text form of Incus.
package struct JoinToken: Equatable, Sendable {
    package static let textBytesMax = 16 * 1024
    package static let secretBytes = 32
    static let addressesMax = 64
    /// Of their JSON. The text's bound leaves 2 KiB more for the rest, in whatever writing the name is.
    private static let addressesBytesMax = 10 * 1024

    /// The name the joiner will have.
    package let serverName: String
    /// SHA-256 of the cluster CA certificate's DER, lower-case hex: the joiner's only anchor of trust.
    package let fingerprint: String
    package let addresses: [String]
    /// 64 hex digits.
    package let secret: String
    /// Unix seconds.
    package let expiresAt: Int64

    package init(serverName: String, fingerprint: String, addresses: [String], secret: String, expiresAt: Int64) {
        self.serverName = serverName
        self.fingerprint = fingerprint
        self.addresses = addresses
        self.secret = secret
        self.expiresAt = expiresAt
    }

    /// The first of the addresses, as many as a token can name and still be read.
    package static func fitting(_ addresses: [String]) -> [String] {
        var left = addressesBytesMax
        return Array(addresses.prefix(addressesMax).prefix { address in
            // With the comma behind it.
            left -= JSON.string(address).encoded().count + 1
            return left >= 0
        })
    }

    package var text: String {
        let object: JSON = [
            "server_name": .string(serverName), "fingerprint": .string(fingerprint), "addresses": .strings(addresses),
            "secret": .string(secret), "expires_at": .string(RFC3339.text(expiresAt)),
        ]
        return Base64.encode(object.encoded())
    }

    package init(text: String) throws(StartError) {
        guard text.utf8.count <= Self.textBytesMax, let bytes = Base64.decode(text) else {
            throw .joinTokenMalformed(reason: "not base64")
        }
        do throws(JSONFieldError) {
            guard let json = try? JSON(parsing: bytes) else { throw JSONFieldError(field: "", "must be JSON") }
            var reader = try JSONObjectReader(json)
            serverName = try reader.string("server_name", min: 1, max: 256)
            fingerprint = try reader.string("fingerprint", min: 64, max: 64)
            addresses = try reader.strings("addresses", max: Self.addressesMax, each: 300)
            secret = try reader.string("secret", min: 64, max: 64)
            guard let expiresAt = RFC3339.seconds(try reader.string("expires_at", max: 64)) else {
                throw reader.error("expires_at", "must be an RFC 3339 time in UTC")
            }
            self.expiresAt = expiresAt
            guard !addresses.isEmpty else { throw reader.error("addresses", "must not be empty") }
            guard Hex.decode(secret) != nil else { throw reader.error("secret", "must be hexadecimal") }
            guard Hex.decode(fingerprint) != nil else { throw reader.error("fingerprint", "must be hexadecimal") }
        } catch {
            throw .joinTokenMalformed(reason: error.message)
        }
    }
}

extension JoinToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the secret, wherever somebody prints it.
    package var description: String { "a join token for \(serverName)" }
    package var debugDescription: String { description }
}

/// What the cluster keeps of a join secret: enough to recognise it, nothing to redeem it with.
package enum JoinSecret {
    package static func hash(of secret: String) -> [UInt8] {
        SHA256.hash(Array("credence join secret\0\(secret)".utf8))
    }

    /// The token's id is a hash of the secret too. A member that repeats its join after the token
    /// was consumed still proves the secret by it: 122 bits of SHA-256 in the form of a UUID.
    package static func tokenID(of secret: String) -> String {
        UUIDText.hashed("credence join token id\0\(secret)")
    }
}
