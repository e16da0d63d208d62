package import JOSE
internal import Crypto
internal import TrustStore

/// A token that somebody entitled wants made. `init(_:)` reads the body of `POST /1.0/tokens`.
package struct MintRequest: Sendable, Equatable {
    package static let subjectBytesMax = 256
    package static let scopesCountMax = 64
    package static let scopeBytesMax = 128
    package static let audiencesCountMax = 16
    package static let audienceBytesMax = 512
    package static let nameBytesMax = 256

    package var subject: String
    package var scopes: [String]
    package var audiences: [String] = []
    /// From now on; nil for the cluster's default.
    package var lifetimeSeconds: Int64?
    package var notBeforeAt: Int64?
    /// Nil for whichever active key is newest.
    package var algorithm: JWSAlgorithm?
    /// Further claims, none of them among those the cluster sets itself.
    package var claims = JSONObject()
    /// Given to a token that shall be listed; the minter does nothing with it but check it.
    package var name: String?
    /// Lower hexadecimal SHA-256 of the certificate that alone may present the token.
    package var certificateFingerprint: String?
    /// Set for a token that a client gets at the token endpoint.
    package var client: Client?
    /// The token ends no later than this, whatever its lifetime.
    package var expiresAtMax: Int64?

    /// Who asked for the token (RFC 9068 §2.2), and what it was made from.
    package struct Client: Sendable, Equatable {
        package var id: String
        /// The ids of the token that this one narrows and of those that it came from, the first first: when one of them is
        /// revoked this one is refused.
        package var parentTokenIDs: [String]
        /// The ids of the keys that signed those, in the same order: when one of them vouches no more, neither does this one.
        package var parentKeyIDs: [String] = []
        /// The certificates of the clients that got or signed those: what is required of them is required for this one too.
        package var parentClients: [String] = []
        /// When the oldest of those was issued: what was revoked up to a later time takes this one along. Zero, which is as old
        /// as anything, where one of them does not say.
        package var parentIssuedAt: Int64?

        /// Exchanges in one line.
        package static let parentsMax = 8

        /// For a token that is made from no other.
        package init(id: String) {
            self.id = id
            parentTokenIDs = []
        }

        /// For one that narrows a token which was accepted at `now`; nil when its line is as long as any may be.
        package init?(id: String, narrowing token: VerifiedToken, at now: Int64) {
            self.id = id
            parentTokenIDs = token.parentTokenIDs + [token.tokenID]
            parentKeyIDs = token.parentKeyIDs + [token.keyID]
            parentClients = token.parentClients
            let own = token.method == .certificate ? token.keyID : token.client
            if let own, Fingerprint.isValid(own), !parentClients.contains(own) { parentClients.append(own) }
            guard parentTokenIDs.count <= Self.parentsMax, parentClients.count <= Self.parentsMax else { return nil }
            // As the rules take a time that lies ahead of all clocks: for no time at all.
            let issuedAt = token.issuedAt.flatMap { $0 <= now + TokenRules.issuedAheadSecondsMax ? $0 : nil } ?? 0
            parentIssuedAt = min(issuedAt, token.parentIssuedAt ?? issuedAt)
        }
    }

    package init(subject: String, scopes: [String]) {
        self.subject = subject
        self.scopes = scopes
    }

    /// `{subject, scopes[], audience?, expires_in?, not_before?, algorithm?, claims?, name?,
    /// certificate_fingerprint?}`; `audience` may be a string or an array of strings.
    package init(_ json: JSON) throws(JSONFieldError) {
        var reader = try JSONObjectReader(json)
        subject = try reader.string("subject", max: Self.subjectBytesMax)
        scopes = try reader.strings("scopes", max: Self.scopesCountMax, each: Self.scopeBytesMax)
        switch reader.optionalValue("audience") {
        case nil: break
        case .string(let single): audiences = [single]
        default: audiences = try reader.strings("audience", max: Self.audiencesCountMax, each: Self.audienceBytesMax)
        }
        lifetimeSeconds = try reader.optionalInteger("expires_in")
        notBeforeAt = try reader.optionalInteger("not_before")
        if let text = try reader.optionalString("algorithm") {
            guard let algorithm = JWSAlgorithm(rawValue: text) else {
                let known = JWSAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
                throw reader.error("algorithm", "must be one of \(known)")
            }
            self.algorithm = algorithm
        }
        if let value = reader.optionalValue("claims") {
            guard case .object(let object) = value else { throw reader.error("claims", "must be a JSON object") }
            claims = object
        }
        name = try reader.optionalString("name", max: Self.nameBytesMax)
        certificateFingerprint = try reader.optionalString("certificate_fingerprint")
        try reader.finish()
    }
}

extension MintRequest {
    /// The claims that only the minter writes.
    package static let reservedClaims = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "Allow", "cnf", "client_id", "act", "parent_jti", "parent_kid", "parent_client", "parent_iat", "status"]

    /// The rules that hold whoever made the request.
    func check(lifetimeSecondsMax: Int64) throws(JSONFieldError) {
        try Self.checkText(subject, max: Self.subjectBytesMax, "subject")
        guard scopes.count <= Self.scopesCountMax else {
            throw JSONFieldError(field: "scopes", "must hold at most \(Self.scopesCountMax) elements")
        }
        guard scopes.allSatisfy({ ScopeToken.isValid($0) && $0.utf8.count <= Self.scopeBytesMax }) else {
            throw JSONFieldError(field: "scopes", "must hold names of 1 to \(Self.scopeBytesMax) visible characters, without spaces, quotes or backslashes")
        }
        guard Set(scopes).count == scopes.count else { throw JSONFieldError(field: "scopes", "must not name a scope twice") }
        guard audiences.count <= Self.audiencesCountMax else {
            throw JSONFieldError(field: "audience", "must hold at most \(Self.audiencesCountMax) elements")
        }
        for audience in audiences { try Self.checkText(audience, max: Self.audienceBytesMax, "audience") }
        if let lifetimeSeconds, !(1...lifetimeSecondsMax).contains(lifetimeSeconds) {
            throw JSONFieldError(field: "expires_in", "must be an integer from 1 to \(lifetimeSecondsMax)")
        }
        if let reserved = claims.names.first(where: Self.reservedClaims.contains) {
            throw JSONFieldError(field: "claims.\(reserved)", "is a claim that the cluster sets")
        }
        if let name { try Self.checkText(name, max: Self.nameBytesMax, "name") }
    }

    /// The fingerprint's bytes.
    func certificateThumbprint() throws(JSONFieldError) -> [UInt8]? {
        guard let certificateFingerprint else { return nil }
        guard let bytes = Hex.decode(certificateFingerprint), bytes.count == 32 else {
            throw JSONFieldError(field: "certificate_fingerprint", "must be the SHA-256 of the certificate's DER, 64 hexadecimal digits")
        }
        return bytes
    }

    /// Text that will stand in headers, logs and lists: not empty, and without control characters.
    private static func checkText(_ text: String, max: Int, _ field: String) throws(JSONFieldError) {
        guard !text.isEmpty else { throw JSONFieldError(field: field, "must not be empty") }
        guard text.utf8.count <= max else { throw JSONFieldError(field: field, "must be at most \(max) bytes long") }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw JSONFieldError(field: field, "must not contain control characters")
        }
    }
}
