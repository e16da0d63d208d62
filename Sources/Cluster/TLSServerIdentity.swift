package import TLS

/// What this member's listeners present: the cluster's shared certificate to clients, its own to members.
package struct TLSServerIdentity: Sendable {
    package let context: TLSContext
    /// SHA-256 of the certificate that clients see, lower-case hex; nil until the cluster's has arrived.
    package let fingerprint: String?
}
