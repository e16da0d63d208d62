internal import Crypto

/// The paths that one request loop has checked, so that the requests of an open connection do not check signatures again.
/// What can change between two of them (times, revocation, the authority's conditions) is no part of it.
package final class PathCache {
    package static let countMax = 1_024
    /// How long a certificate that leads nowhere is not looked at again. It may have become valid meanwhile.
    static let refusalSeconds: Int64 = 2

    private enum Found {
        case path(VouchedPath)
        case refusal(RejectionReason, at: Int64)
    }

    private var set = AuthoritySet.empty
    /// By the fingerprints of all that was sent.
    private var found: [String: Found] = [:]

    package init() {}

    package var count: Int { found.count }

    func path(
        of certificate: Certificate, sent: [Certificate], in set: AuthoritySet, at now: Int64
    ) throws(RejectionReason) -> VouchedPath {
        if self.set !== set {
            self.set = set
            found = [:]
        }
        let key = certificate.fingerprint + sent.map(\.fingerprint).joined()
        switch found[key] {
        // Of one that has run out there may be another by now.
        case .path(let path) where path.validity.contains(now): return path
        case .refusal(let reason, let at) where abs(now - at) <= Self.refusalSeconds: throw reason
        case .path, .refusal, nil: break
        }
        if found.count >= Self.countMax { found = [:] }
        do throws(RejectionReason) {
            let path = try set.path(of: certificate, sent: sent, at: now)
            found[key] = .path(path)
            return path
        } catch {
            found[key] = .refusal(error, at: now)
            throw error
        }
    }
}
