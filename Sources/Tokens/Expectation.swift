/// What the one who asks needs of a token beyond its being genuine.
package struct Expectation: Sendable, Equatable {
    package enum Audience: Sendable, Equatable {
        case unasked
        /// `aud` must be there and name this.
        case named(String)
        /// A token without `aud` is for everybody; one with it must name this. For callers of Credence itself.
        case namedIfAny(String)
    }

    /// One scope or several separated by spaces, all of them needed; nil asks for none.
    package var scope: String?
    package var audience: Audience
    /// SHA-256 of the DER of the client certificate on the connection that brought the token, in lower
    /// hexadecimal as `Certificate.fingerprint` gives it; nil without one, or when the token did not
    /// come over that connection. A bound token (RFC 8705 §3) is good for nothing without it.
    package var clientCertificateThumbprint: String?

    package init(scope: String? = nil, audience: String? = nil, clientCertificateThumbprint: String? = nil) {
        self.scope = scope
        self.audience = audience.map(Audience.named) ?? .unasked
        self.clientCertificateThumbprint = clientCertificateThumbprint
    }
}
