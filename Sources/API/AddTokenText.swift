import JOSE

/// An add token as a client of Incus builds it from the operation: base64 of JSON. Only the secret decides; the rest tells
/// the client where to go.
package struct AddTokenText {
    let secret: String
    /// As it was read.
    package let text: String
    /// SHA-256 of the certificate that the members show, lower hexadecimal.
    package let fingerprint: String
    /// `HOST:PORT`.
    package let addresses: [String]

    /// Nil for anything else. The order of members, spaces and further members do not matter.
    package init?(_ text: String) {
        guard let bytes = Base64.decode(text), let json = try? JSON(parsing: bytes), var reader = try? JSONObjectReader(json),
            let name = try? reader.string("client_name", min: 1), !name.isEmpty,
            let fingerprint = try? reader.string("fingerprint", min: 1), !fingerprint.isEmpty,
            let addresses = try? reader.strings("addresses"), !addresses.isEmpty,
            let secret = try? reader.string("secret", min: 1)
        else { return nil }
        self.secret = secret
        self.text = text
        self.fingerprint = fingerprint.lowercased()
        self.addresses = addresses
    }
}
