/// Whose signature makes a token genuine.
package enum VerificationMethod: String, Sendable {
    /// A signing key of this cluster.
    case cluster
    /// The key of a trusted certificate (Incus).
    case certificate
    /// A secret imported from a Forest or Lotus node.
    case imported
}
