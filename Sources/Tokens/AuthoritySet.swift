internal import Crypto
internal import HashTreeCollections
package import TrustStore

/// The authorities of one state, ready to trace certificates to them. Made again whenever one comes or goes; who keeps what
/// was found by an earlier set compares the sets.
///
/// A path ends at the topmost authority that it leads to, so that an authority below it is bound by the constraints and the
/// revocation lists of those above; the conditions are those of the nearest one. Authorities that certified each other in a
/// ring have no topmost one: each of them ends a path, bound by the lists of the others.
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
        let isSelfIssued: Bool
        let conditions: Conditions
    }

    /// What those it vouches for may do.
    private struct Conditions: Sendable {
        /// The less the lower.
        let rank: Int
        let projects: Set<String>

        init(_ record: AuthorityRecord) {
            rank = record.type == .metrics ? 0 : record.isRestricted ? 1 : 2
            projects = Set(record.projects)
        }

        func permitMore(than other: Conditions) -> Bool {
            rank != other.rank ? rank > other.rank : rank == 1 && !projects.isSubset(of: other.projects)
        }
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
        let conditions = Dictionary(records.map { ($0.fingerprint, Conditions($0)) }) { first, _ in first }
        for certificate in certificates {
            guard let own = conditions[certificate.fingerprint] else { continue }
            let identity = certificate.issuerIdentity
            let issuer = certificates.first { $0.issuerIdentity != identity && certificate.isIssued(by: $0) }
            authorities[certificate.fingerprint] = Authority(
                certificate: certificate, identity: identity,
                link: issuer.map { Link(issuer: $0.issuerIdentity, serial: certificate.serial) },
                isSelfIssued: certificate.isIssued(by: certificate), conditions: own)
        }
        let rings = Self.ringed(authorities)
        let tops = certificates.filter { authorities[$0.fingerprint]?.link == nil || rings.contains($0.fingerprint) }
        let others = certificates.filter { !tops.contains($0) }
        self.authorities = authorities
        anchors = tops.isEmpty ? nil : try? TrustAnchors(anchors: tops, helpers: others)
    }

    /// The fingerprints of those from which no way up ends: cross-certified ones, none of which was issued by itself or by a stranger.
    private static func ringed(_ authorities: [String: Authority]) -> Set<String> {
        var ended = Set(authorities.values.filter { $0.link == nil }.map(\.identity))
        var grew = true
        while grew {
            let more = authorities.values.filter { !ended.contains($0.identity) && $0.link.map { ended.contains($0.issuer) } ?? false }
            grew = !more.isEmpty
            ended.formUnion(more.map(\.identity))
        }
        return Set(authorities.filter { !ended.contains($0.value.identity) }.keys)
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

    /// Of an authority: one in a ring ends a path and has others above it nevertheless.
    func link(above authority: Certificate) -> Link? { authorities[authority.fingerprint]?.link }

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

    /// The fingerprints of authorities that would vouch in the place of this one, and for more than it does: without it, the
    /// clients under it that lead to one of these gain by its going. When its issuer is not known here, any topmost authority may
    /// be above it.
    package func successors(of fingerprint: String) -> [String] {
        guard let own = authorities[fingerprint] else { return [] }
        let others = authorities.values.filter { $0.certificate.fingerprint != fingerprint }
        let namesakes = others.filter { $0.identity == own.identity }
        let next: [Authority]
        if !namesakes.isEmpty {
            next = namesakes
        } else if let link = own.link {
            next = others.filter { $0.identity == link.issuer }
        } else if own.isSelfIssued {
            next = []
        } else {
            return others.filter { $0.link == nil && $0.conditions.permitMore(than: own.conditions) }.map(\.certificate.fingerprint).sorted()
        }
        // Of several with one name and key the strictest decides.
        let decides = next.min { Self.isStricter($0, $1) }
        return decides.flatMap { $0.conditions.permitMore(than: own.conditions) ? [$0.certificate.fingerprint] : nil } ?? []
    }

    private static func isStricter(_ one: Authority, _ other: Authority) -> Bool {
        (one.conditions.rank, one.certificate.fingerprint) < (other.conditions.rank, other.certificate.fingerprint)
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
        authorities.values.filter { $0.identity == identity }.min(by: Self.isStricter)?.certificate.fingerprint
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
        if top.isIssued(by: top) {
            links.append(AuthoritySet.Link(issuer: top.issuerIdentity, serial: top.serial))
        } else if let above = set.link(above: top) {
            links += set.links(from: above).filter { !links.contains($0) }
        }
        self.links = links
        let from = chain.map(\.notBeforeAt).max() ?? 0
        let through = chain.map(\.notAfterAt).min() ?? 0
        guard from <= through else { return nil }
        validity = from...through
    }
}
