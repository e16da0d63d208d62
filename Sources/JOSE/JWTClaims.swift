/// The registered claims of a JWT (RFC 7519 §4.1) and the few others that decide here, each of its
/// right type. Nothing is judged: whether a claim must be there, or is in time, is for the verifier.
/// A claim that is null counts as absent; claims not named here stay in `object`.
package struct JWTClaims: Equatable, Sendable {
    /// `cnf` (RFC 7800): who may present the token.
    package enum Confirmation: Equatable, Sendable {
        /// `x5t#S256` (RFC 8705 §3.1): SHA-256 of the client certificate's DER, 32 bytes.
        case certificate(thumbprint: [UInt8])
        /// A way of proving possession that we cannot check, so that nobody satisfies it.
        case unsupported
    }

    package let issuer: String?
    package let subject: String?
    package let audiences: [String]?
    package let expiresAt, notBeforeAt, issuedAt: Int64?
    package let tokenID: String?
    /// The words of `scope` (RFC 9068 §2.2.3).
    package let scope: [String]?
    /// `Allow`, where Lotus and Forest keep permissions.
    package let allow: [String]?
    package let confirmation: Confirmation?
    /// All claims as they were signed.
    package let object: JSONObject

    package init(parsing payload: [UInt8]) throws(JWTClaimsError) {
        let json: JSON
        do {
            json = try JSON(parsing: payload)
        } catch {
            throw .notJSON(error)
        }
        guard case .object(let object) = json else { throw .notAnObject }
        do {
            try self.init(object)
        } catch {
            throw .invalidClaim(error)
        }
    }

    private init(_ object: JSONObject) throws(JSONFieldError) {
        var reader = JSONObjectReader(object)
        self.object = object
        issuer = try reader.optionalString("iss", max: JWSCompact.bytesMax)
        subject = try reader.optionalString("sub", max: JWSCompact.bytesMax)
        tokenID = try reader.optionalString("jti", max: JWSCompact.bytesMax)
        audiences = try reader.optionalAudiences("aud")
        expiresAt = try reader.optionalNumericDate("exp")
        notBeforeAt = try reader.optionalNumericDate("nbf")
        issuedAt = try reader.optionalNumericDate("iat")
        scope = try reader.optionalScope("scope")
        allow = try reader.optionalStrings("Allow", max: JWSCompact.bytesMax, each: JWSCompact.bytesMax)
        if let allow, !allow.allSatisfy(ScopeToken.isValid) {
            throw reader.error("Allow", "must hold scope names without spaces or quotes")
        }
        confirmation = try reader.optionalConfirmation("cnf")
    }
}

package enum JWTClaimsError: Error, Equatable, Sendable {
    case notJSON(JSONError)
    case notAnObject
    case invalidClaim(JSONFieldError)
}

extension JWTClaimsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notJSON(let error): "the payload is \(error)"
        case .notAnObject: "the payload is not a JSON object"
        case .invalidClaim(let error): error.message
        }
    }
}

extension JSONObjectReader {
    fileprivate mutating func optionalNumericDate(_ name: String) throws(JSONFieldError) -> Int64? {
        guard let value = optionalValue(name) else { return nil }
        guard let seconds = NumericDate.seconds(value) else {
            throw error(name, "must be a time in seconds since 1970, written as a number")
        }
        return seconds
    }

    /// RFC 7519 §4.1.3: one string, or an array of strings.
    fileprivate mutating func optionalAudiences(_ name: String) throws(JSONFieldError) -> [String]? {
        guard let value = optionalValue(name) else { return nil }
        if case .string(let single) = value { return [single] }
        return try optionalStrings(name, max: JWSCompact.bytesMax, each: JWSCompact.bytesMax)
    }

    fileprivate mutating func optionalScope(_ name: String) throws(JSONFieldError) -> [String]? {
        guard let text = try optionalString(name, max: JWSCompact.bytesMax) else { return nil }
        guard let words = ScopeToken.words(of: text) else {
            throw error(name, "must be scope names separated by single spaces")
        }
        return words
    }

    fileprivate mutating func optionalConfirmation(_ name: String) throws(JSONFieldError) -> JWTClaims.Confirmation? {
        guard var confirmation = try optionalObject(name) else { return nil }
        let thumbprint = try confirmation.optionalBase64URL("x5t#S256", maxBytes: 32)
        guard let thumbprint else { return .unsupported }
        guard thumbprint.count == 32 else { throw confirmation.error("x5t#S256", "must be a SHA-256 hash") }
        do {
            try confirmation.finish()
        } catch {
            return .unsupported
        }
        return .certificate(thumbprint: thumbprint)
    }
}
