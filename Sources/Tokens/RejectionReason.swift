/// Why a token is refused; the same strings in every answer, log line and explanation.
package enum RejectionReason: String, Error, Sendable, CaseIterable {
    case malformed
    case unsupportedAlgorithm = "unsupported_algorithm"
    case unknownKey = "unknown_key"
    case keyRetired = "key_retired"
    case algorithmMismatch = "algorithm_mismatch"
    case badSignature = "bad_signature"
    case expired
    case notYetValid = "not_yet_valid"
    case missingClaim = "missing_claim"
    case unknownCertificate = "unknown_certificate"
    case certificateExpired = "certificate_expired"
    case certificateRevoked = "certificate_revoked"
    /// Whether its certificate is revoked cannot be known: a CRL is past its end, or not there.
    case crlOverdue = "crl_overdue"
    case tokenRevoked = "token_revoked"
    case subjectRevoked = "subject_revoked"
    case issuerMismatch = "issuer_mismatch"
    case audienceMismatch = "audience_mismatch"
    case insufficientScope = "insufficient_scope"
    case certificateBindingMismatch = "certificate_binding_mismatch"
    case memberStale = "member_stale"
}

extension RejectionReason {
    /// What whoever presents a token could have computed from the token alone, and may thus be told.
    /// And `member_stale`, which says nothing of the token: a good one must not be thrown away over it.
    package var isDisclosable: Bool {
        switch self {
        case .malformed, .expired, .notYetValid, .unsupportedAlgorithm, .memberStale: true
        case .unknownKey, .keyRetired, .algorithmMismatch, .badSignature, .missingClaim, .unknownCertificate,
            .certificateExpired, .certificateRevoked, .crlOverdue, .tokenRevoked, .subjectRevoked, .issuerMismatch,
            .audienceMismatch, .insufficientScope, .certificateBindingMismatch:
            false
        }
    }

    /// The reason for a caller without credentials. The full one goes to the log and to explain.
    package var disclosed: String { isDisclosable ? rawValue : "invalid_token" }
}
