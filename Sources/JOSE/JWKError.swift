/// Why a JSON Web Key (RFC 7517) cannot serve here. No case carries a part of the key.
package enum JWKError: Error, Equatable, Sendable {
    /// A member is missing, of the wrong type or not base64url.
    case malformed(JSONFieldError)
    /// A `kty`, `crv` or `alg` that this build does not use, or that do not belong together.
    case unsupported(member: String)
    /// The key is meant for something other than signatures (`use`, `key_ops`).
    case wrongUse
    /// A point off its curve, a length that does not fit, or numbers that make no RSA key of 2,048 to 8,192 bits.
    case invalidKey
    /// RFC 7518 §3.2: an HMAC key is at least as long as its hash.
    case tooShort(byteCountMin: Int)
    /// An RSA key serves six algorithms; which one it is bound to must be said (RFC 8725 §3.1).
    case algorithmMissing
    /// Two keys of one set claim the same `kid`, so that it names neither.
    case duplicateKeyID
}

extension JWKError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let error): error.message
        case .unsupported(let member): "the key's \"\(member)\" is not supported"
        case .wrongUse: "the key is not for signatures"
        case .invalidKey: "the key is no point of its curve, or its numbers make no RSA key of 2048 to 8192 bits"
        case .tooShort(let byteCountMin): "the key is shorter than \(byteCountMin) bytes"
        case .algorithmMissing: "an RSA key must name its \"alg\""
        case .duplicateKeyID: "two keys have the same \"kid\""
        }
    }
}
