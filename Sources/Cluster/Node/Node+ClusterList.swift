import Crypto
import EventLoop
import HashTreeCollections
import Logging
import Raft
import Storage
import TrustStore

/// The CRL of the cluster's own CA. The leader signs it, once for all members: two signatures over the same list differ, and
/// whoever compares what two members serve would see two lists.
extension Node {
    /// From thisUpdate to nextUpdate. It is signed again when half of it is over, so that a cluster without a leader for days
    /// still serves one that holds.
    static let clusterListSeconds: Int64 = 7 * 86_400
    private static let issuedSweepPeriod: Duration = .seconds(60)

    func sweepIssuedCertificates(now: MonotonicInstant) {
        if let last = housekeeping.issuedSweptAt, now - last < Self.issuedSweepPeriod { return }
        housekeeping.issuedSweptAt = now
        let time = logSeconds
        if state.issuedCertificates.values.contains(where: { $0.isForgettable(at: time) }) { proposeAsLeader(.forgetIssuedCertificates) }
    }

    func renewClusterList(now: MonotonicInstant) {
        // Before its own first entry is applied a leader does not know what the one before it has signed.
        guard applied.position.term == core.term, let cluster = state.cluster else { return }
        let time = logSeconds
        let isOld = state.clusterList.map { time >= $0.thisUpdateAt + Self.clusterListSeconds / 2 } ?? false
        guard housekeeping.clusterListMayDiffer || isOld, !housekeeping.clusterListHold.isOn(now: now), housekeeping.begin("cluster list", now: now) else { return }
        let entries = ClusterList.entries(of: state)
        // Nobody looks for the list of a CA that issued nothing besides the members' own certificates.
        let isWanted = state.clusterList != nil || !entries.isEmpty || !state.issuedCertificates.isEmpty
        let hash = ClusterList.hash(of: entries, by: [cluster.caCertificate] + (cluster.formerAuthority.map { [$0.certificate] } ?? []))
        guard isWanted, isOld || state.clusterList?.hash != hash else {
            housekeeping.clusterListMayDiffer = false
            return
        }
        guard ClusterList.mayFit(entries.count) else {
            return sayTooLong(entries.count, now: now)
        }
        sign(entries, hash, number: (state.clusterList?.number ?? 0) + 1, at: time, cluster, now: now)
    }

    private func sayTooLong(_ count: Int, now: MonotonicInstant) {
        housekeeping.clusterListHold.begin(now: now)
        logger.error(
            "the cluster's CRL is not renewed: it would have more than \(StateLimits.clusterListBytesMax) bytes; it is tried again every ten minutes, and fits again when revoked certificates have expired",
            metadata: ["entries": "\(count)"])
    }

    /// Until the log has the list, this is tried again.
    private func sign(
        _ entries: [RevocationListDraft.Entry], _ hash: [UInt8], number: Int64, at time: Int64, _ cluster: ClusterRecord, now: MonotonicInstant
    ) {
        do {
            let draft = RevocationListDraft(
                number: number, thisUpdateAt: time, nextUpdateAt: time + Self.clusterListSeconds, entries: entries)
            func signed(_ authority: [UInt8], _ sealedKey: [UInt8]) throws -> [UInt8] {
                let key = try PrivateKey(pkcs8: identity.custody.open(sealedKey, for: .authorityKey))
                return try draft.signed(by: key, issuer: Certificate(der: authority))
            }
            let der = try signed(cluster.caCertificate, cluster.sealedCAKey)
            let formerDER = try cluster.formerAuthority.map { try signed($0.certificate, $0.sealedKey) }
            let list = ClusterListRecord(
                number: draft.number, thisUpdateAt: draft.thisUpdateAt, nextUpdateAt: draft.nextUpdateAt, hash: hash,
                count: Int64(entries.count), der: der, formerDER: formerDER)
            guard list.byteCount <= StateLimits.clusterListBytesMax else { return sayTooLong(entries.count, now: now) }
            proposeAsLeader(.publishClusterList(list))
        } catch {
            housekeeping.clusterListHold.begin(now: now)
            logger.error("the cluster's CRL could not be signed; it is tried again in ten minutes", metadata: ["reason": "\(error)"])
        }
    }
}

/// What the cluster's CRL has to say. Values in, values out.
enum ClusterList {
    /// An entry has a serial number of an octet and a date at least, in two more sequences: with so many it cannot fit, and
    /// need not be signed to see that.
    private static let entryBytesMin = 20

    static func mayFit(_ count: Int) -> Bool { count <= StateLimits.clusterListBytesMax / entryBytesMin }

    /// The revoked ones among the certificates that the CA signed: clients' on record, those of members, and those of
    /// members that were removed, those from before a renewal among them, while they would hold.
    static func entries(of state: TrustState) -> [RevocationListDraft.Entry] {
        var entries: [RevocationListDraft.Entry] = []
        var members: [String: [UInt8]]?
        for record in state.broadRevocations.values {
            guard case .certificate(let fingerprint) = record.target else { continue }
            if let issued = state.issuedCertificates[fingerprint] {
                entries.append(RevocationListDraft.Entry(serial: issued.serial, revokedAt: record.createdAt))
                continue
            }
            let known = members ?? memberSerials(state)
            members = known
            if let serial = known[fingerprint] { entries.append(RevocationListDraft.Entry(serial: serial, revokedAt: record.createdAt)) }
        }
        for removed in state.removedMembers.values {
            let serials = ((try? Certificate(der: removed.certificate)).map { [$0.serial] } ?? []) + removed.formerCertificates.map(\.serial)
            for serial in serials where !entries.contains(where: { $0.serial == serial }) {
                entries.append(RevocationListDraft.Entry(serial: serial, revokedAt: removed.removedAt))
            }
        }
        return entries.sorted { $0.serial.lexicographicallyPrecedes($1.serial) }
    }

    private static func memberSerials(_ state: TrustState) -> [String: [UInt8]] {
        let certificates = state.members.values.compactMap { try? Certificate(der: $0.certificate) }
        return Dictionary(certificates.map { ($0.fingerprint, $0.serial) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter authorities: DER, of those that sign the list.
    static func hash(of entries: [RevocationListDraft.Entry], by authorities: [[UInt8]]) -> [UInt8] {
        let lines = authorities.map { Hex.encode(SHA256.hash($0)) } + entries.map { "\(Hex.encode($0.serial)) \($0.revokedAt)" }
        return SHA256.hash(lines.flatMap { Array("\($0)\n".utf8) })
    }
}
