/// Why a JSON Web Key (RFC 7517) cannot serve here. No case carries a part of the key.
package enum JWKError: Error, Equatable, Sendable {
    /// A member is missing, of the wrong type or not base64url.
    case malformed(JSONFieldError)
    /// A `kty`, `crv` or `alg` that this build does not use, or that do not belong together.
    case unsupported(member: String)
    /// The key is meant for something other than signatures (`use`, `key_ops`).
    case wrongUse
    /// A point off its curve, or a length that does not fit the curve.
    case invalidKey
    /// RFC 7518 §3.2: an HMAC key is at least as long as its hash.
    case tooShort
    /// Two keys of one set claim the same `kid`, so that it names neither.
    case duplicateKeyID
}

extension JWKError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let error): error.message
        case .unsupported(let member): "the key's \"\(member)\" is not supported"
        case .wrongUse: "the key is not for signatures"
        case .invalidKey: "the key is not a point of its curve"
        case .tooShort: "the key is shorter than \(JWSVerificationKey.secretByteCountMin) bytes"
        case .duplicateKeyID: "two keys have the same \"kid\""
        }
    }
}
