internal import Crypto
internal import HashTreeCollections
package import TrustStore

/// The authorities of one state, ready to trace certificates to them. Made again whenever one comes or goes; who keeps what
/// was found by an earlier set compares the sets.
///
/// A path ends at the topmost authority that it leads to, so that an authority below it is bound by the constraints and the
/// revocation lists of those above; the conditions are those of the nearest one.
package final class AuthoritySet: Sendable {
    /// One certificate and whoever issued it.
    struct Link: Sendable, Equatable {
        /// `Certificate.issuerIdentity` of the issuer.
        let issuer: String
        let serial: [UInt8]
    }

    private struct Authority: Sendable {
        let certificate: Certificate
        let identity: String
        /// What it was issued by, if that is an authority too; nil for one that was issued by itself or by a stranger.
        var link: Link?
        /// By what those it vouches for may do: the less the lower.
        let rank: Int
    }

    /// By fingerprint.
    private let authorities: [String: Authority]
    private let anchors: TrustAnchors?

    static let empty = AuthoritySet([])

    /// A record whose bytes are not the certificate they are stored as vouches for nobody.
    package init(_ records: [AuthorityRecord]) {
        let certificates = records.compactMap { record in
            (try? Certificate(der: record.certificate)).flatMap { $0.fingerprint == record.fingerprint ? $0 : nil }
        }.sorted { $0.fingerprint < $1.fingerprint }
        var authorities: [String: Authority] = [:]
        let ranks = Dictionary(records.map { ($0.fingerprint, $0.type == .metrics ? 0 : $0.isRestricted ? 1 : 2) }) { min($0, $1) }
        for certificate in certificates {
            let identity = certificate.issuerIdentity
            let issuer = certificates.first { $0.issuerIdentity != identity && certificate.isIssued(by: $0) }
            authorities[certificate.fingerprint] = Authority(
                certificate: certificate, identity: identity,
                link: issuer.map { Link(issuer: $0.issuerIdentity, serial: certificate.serial) },
                rank: ranks[certificate.fingerprint] ?? 0)
        }
        let tops = certificates.filter { authorities[$0.fingerprint]?.link == nil }
        let others = certificates.filter { authorities[$0.fingerprint]?.link != nil }
        self.authorities = authorities
        anchors = tops.isEmpty ? nil : try? TrustAnchors(anchors: tops, helpers: others)
    }

    package var isEmpty: Bool { authorities.isEmpty }

    /// The fingerprints of those with this name and key.
    func fingerprints(ofIssuer identity: String) -> [String] {
        authorities.values.filter { $0.identity == identity }.map(\.certificate.fingerprint)
    }

    /// The authority that signed a certificate, if any did.
    func link(of certificate: Certificate) -> Link? {
        let issuer = authorities.values.first { certificate.isIssued(by: $0.certificate) }
        return issuer.map { Link(issuer: $0.identity, serial: certificate.serial) }
    }

    /// `link`, and those of the authorities above it.
    func links(from link: Link) -> [Link] {
        var links = [link]
        var position = 0
        while position < links.count {
            for authority in authorities.values where authority.identity == links[position].issuer {
                if let above = authority.link, !links.contains(above) { links.append(above) }
            }
            position += 1
        }
        return links
    }

    func path(of certificate: Certificate, sent: [Certificate], at now: Int64) throws(RejectionReason) -> VouchedPath {
        guard let anchors else { throw .unknownCertificate }
        let chain: [Certificate]
        do throws(PathError) {
            chain = try anchors.path(from: certificate, sent: sent, at: now)
        } catch {
            switch error {
            case .expired: throw .certificateExpired
            case .refused, .isAuthority: throw .unknownCertificate
            }
        }
        guard let path = VouchedPath(chain, in: self) else { throw .unknownCertificate }
        return path
    }

    /// The fingerprint of the authority with this name and key; of several the one whose conditions are the strictest.
    func strictest(ofIssuer identity: String) -> String? {
        authorities.values.filter { $0.identity == identity }.min { ($0.rank, $0.certificate.fingerprint) < ($1.rank, $1.certificate.fingerprint) }?
            .certificate.fingerprint
    }
}

/// A client's certificate and those above it, up to an authority, with every signature and constraint checked.
struct VouchedPath: Sendable {
    /// The nearest authority, whose conditions hold.
    let authority: String
    /// Of all of them, by which any may be revoked.
    let fingerprints: [String]
    /// Of the certificate that is the client's but for the form of its issuer's signature.
    let leafTwin: String?
    /// Who issued each, as far as the path tells; the top of one that ends below a root has no issuer in it.
    let links: [AuthoritySet.Link]
    /// In which all of them are valid, both ends included.
    let validity: ClosedRange<Int64>

    init?(_ chain: [Certificate], in set: AuthoritySet) {
        guard chain.count > 1, let leaf = chain.first, let top = chain.last,
            let authority = chain.dropFirst().lazy.compactMap({ set.strictest(ofIssuer: $0.issuerIdentity) }).first
        else { return nil }
        self.authority = authority
        // A path's owner chooses what it is made of: other certificates for the same authority's name and key, and those that
        // differ in an ECDSA signature's form. Whatever is said of one of them is said of all.
        let twins = zip(chain, chain.dropFirst() + [top]).map { $0.twin(issuer: $1)?.fingerprint }
        leafTwin = twins[0]
        let known = chain.dropFirst().flatMap { set.fingerprints(ofIssuer: $0.issuerIdentity) }
        fingerprints = [leaf.fingerprint] + chain.dropFirst().map(\.fingerprint) + twins.compactMap(\.self) + known
        var links = zip(chain, chain.dropFirst()).map { AuthoritySet.Link(issuer: $1.issuerIdentity, serial: $0.serial) }
        if top.isIssued(by: top) { links.append(AuthoritySet.Link(issuer: top.issuerIdentity, serial: top.serial)) }
        self.links = links
        let from = chain.map(\.notBeforeAt).max() ?? 0
        let through = chain.map(\.notAfterAt).min() ?? 0
        guard from <= through else { return nil }
        validity = from...through
    }
}
