import Crypto
import EventLoop
import HashTreeCollections
import Logging
import Raft
import Storage
import TLS
import TrustStore

/// The certificates of members and of the cluster, renewed before they expire.
///
/// Nothing here depends on a certificate that holds: members know each other by their keys, so a cluster that was off for
/// a year elects a leader, and that renews what has expired meanwhile.
extension Node {
    private static let renewalPeriod: Duration = .seconds(60)

    /// The leader renews when a third of the time is left. The key stays, so nothing else changes.
    func renewCertificates(now: MonotonicInstant) {
        guard applied.position.term == core.term, let cluster = state.cluster else { return }
        if let last = housekeeping.certificatesCheckedAt, now - last < Self.renewalPeriod { return }
        housekeeping.certificatesCheckedAt = now
        let time = WallClock.nowSeconds()
        let dueMembers = state.members.values.filter { isRenewalDue(of: $0, cluster, at: time) }.sorted { $0.id < $1.id }
        let server = cluster.serverCertificate.first.flatMap { try? Certificate(der: $0) }
        let isServerDue = server.map { !cluster.isServerCertificateOperators && cluster.formerAuthority == nil && Self.isRenewalDue(of: $0, term: Founding.serverCertificateYears * 365 * 86_400, at: time) } ?? false
        sayOperatorsCertificate(server, cluster, at: time)
        guard !dueMembers.isEmpty || isServerDue else { return }
        do {
            let authority = try Certificate(der: cluster.caCertificate)
            let key = try PrivateKey(pkcs8: identity.custody.open(cluster.sealedCAKey, for: .authorityKey))
            for member in dueMembers.prefix(Self.renewedAtOnceMax) { try renew(member, authority, key, at: time) }
            if isServerDue, let server { try renew(server, cluster, authority, key, at: time) }
        } catch {
            logger.error("certificates could not be renewed", metadata: ["reason": "\(error)"])
        }
    }

    /// So that a large cluster's renewal does not hold up heartbeats; the rest at the next round.
    private static let renewedAtOnceMax = 32

    private func renew(_ member: MemberRecord, _ authority: Certificate, _ key: PrivateKey, at time: Int64) throws {
        let former = try Certificate(der: member.certificate)
        let certificate = try Founding.makeMemberCertificate(
            former.publicKey, clusterID: identity.clusterID, member: member.id, authority: authority, key, now: time,
            notBefore: min(former.notBeforeAt, time))
        logger.notice("renewing a member's certificate", metadata: ["member": "\(member.name)", "former_until": "\(former.notAfterAt)"])
        proposeAsLeader(
            .renewMemberCertificate(
                RenewMemberCertificate(
                    member.id, publicKey: member.publicKey, certificate: certificate.der,
                    former: former.notAfterAt < time ? nil : FormerCertificateRecord(serial: former.serial, expiresAt: former.notAfterAt))))
    }

    private func renew(_ server: Certificate, _ cluster: ClusterRecord, _ authority: Certificate, _ key: PrivateKey, at time: Int64) throws {
        var names = Founding.ServerNames(of: server)
        names.add(Founding.ServerNames(advertise: state.members.values.sorted { $0.name < $1.name }.flatMap(\.addresses)))
        let certificate = try Founding.makeServerCertificate(
            server.publicKey, named: names, authority: authority, key, now: time,
            notBefore: min(server.notBeforeAt, time))
        logger.warning(
            "renewing the certificate that clients see; clients that pinned it must trust the new one",
            metadata: ["fingerprint": "\(certificate.fingerprint)"])
        proposeAsLeader(
            .setServerCertificate(
                SetServerCertificate(chain: [certificate.der, authority.der], sealedKey: cluster.sealedServerKey, isOperators: false, fingerprint: certificate.fingerprint,
                    former: server.der)))
    }

    private func isRenewalDue(of member: MemberRecord, _ cluster: ClusterRecord, at time: Int64) -> Bool {
        guard let certificate = try? Certificate(der: member.certificate) else { return false }
        // A revoked one ends; its member joins anew.
        guard state.broadRevocations[RevocationTarget.certificate(fingerprint: certificate.fingerprint).name] == nil else { return false }
        // Of a former CA's.
        if cluster.caSince != nil, let authority = try? Certificate(der: cluster.caCertificate), !certificate.isIssued(by: authority) { return true }
        return Self.isRenewalDue(of: certificate, term: Founding.memberCertificateDays * 86_400, at: time)
    }

    /// - Parameter term: for how long such a one is issued, in seconds. What a renewed one spans is longer: it begins when the
    ///   first one did.
    static func isRenewalDue(of certificate: Certificate, term: Int64, at time: Int64) -> Bool {
        time >= certificate.notAfterAt - term / 3
    }

    /// The former CA goes when its time is over.
    func endAuthorityOverlap(now: MonotonicInstant) {
        guard applied.position.term == core.term, let former = state.cluster?.formerAuthority, former.overlapEndsAt <= logSeconds,
            housekeeping.begin("end of the CA's overlap", now: now)
        else { return }
        do throws(CryptoError) {
            guard let end = try AuthorityRotation(state: state, custody: identity.custody, time: logSeconds).end() else { return }
            if end.chain != nil { logger.warning("clients see a certificate of the cluster's new CA from now on; those that pinned the former one must trust the new one") }
            proposeAsLeader(.endAuthorityOverlap(end))
        } catch {
            logger.error("certificates could not be renewed", metadata: ["reason": "\(error)"])
        }
    }

    /// Nobody here can renew it; the operator is told each day of the last month.
    private func sayOperatorsCertificate(_ server: Certificate?, _ cluster: ClusterRecord, at time: Int64) {
        let month: Int64 = 30 * 86_400
        guard let server, cluster.isServerCertificateOperators, server.notAfterAt - time < month,
            time - housekeeping.operatorsCertificateSaidAt >= 86_400
        else { return }
        housekeeping.operatorsCertificateSaidAt = time
        logger.error(
            "the certificate that clients see expires soon, and you brought it: credence cluster update-certificate",
            metadata: ["expires_at": "\(server.notAfterAt)"])
    }

    /// A member shows the certificate that its record holds.
    func adoptOwnCertificate() {
        guard let record = state.members[identity.id], record.publicKey == identity.key.publicKey.spki,
            record.certificate != identity.certificate.der, let certificate = try? Certificate(der: record.certificate)
        else { return }
        identity.adopt(certificate)
        publishServerIdentity()
    }
}
