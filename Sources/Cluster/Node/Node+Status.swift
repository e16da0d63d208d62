import Logging
import Crypto
import EventLoop
import HashTreeCollections
import Raft
import TLS
import TrustStore

/// The last report of another member, with this member's clocks at its arrival.
struct ReceivedReport {
    let report: PeerReport
    let at: MonotonicInstant
    let wallClock: Int64
}

extension Node {
    static let reportPeriod: Duration = .milliseconds(200)
    /// Sooner when something was applied, for those who wait until it is applied everywhere.
    static let reportPeriodAfterApply: Duration = .milliseconds(20)
    /// Without a report for this long a member counts as offline.
    static let offlineAfter: Duration = .seconds(2)

    func reportToPeers(now: MonotonicInstant) {
        let period = lastReportedIndex < appliedIndex ? Self.reportPeriodAfterApply : Self.reportPeriod
        if let lastReportAt, now - lastReportAt < period { return }
        lastReportAt = now
        lastReportedIndex = appliedIndex
        let report = PeerReport(
            appliedIndex: appliedIndex, commitIndex: core.commitIndex, term: core.term,
            isLeader: core.role == .leader, ageMilliseconds: ownAgeMilliseconds,
            wallClockMilliseconds: WallClock.nowMilliseconds(), version: CredenceVersion.text,
            featureLevel: UInt32(clamping: TrustState.featureLevel), lineageCounter: ownLineage.counter, digest: quarantine == nil ? AppliedDigest(applied) : nil)
        for peer in links.keys { send(.status(report), to: peer) }
    }

    private var ownAgeMilliseconds: UInt64? {
        box.view.freshness(now: .now()).ageMilliseconds.map { UInt64(clamping: $0) }
    }

    func status() -> ClusterStatus {
        let now = MonotonicInstant.now()
        return ClusterStatus(
            leader: core.leader, term: core.term, commitIndex: core.commitIndex, appliedIndex: appliedIndex,
            featureLevel: state.featureLevel, haltedReason: haltedReason, quarantine: quarantine, storageTrouble: storage.trouble,
            isRecovering: core.isRecovering, snapshot: core.status.incomingSnapshot,
            members: state.members.values.map { status(of: $0, now: now) }.sorted { $0.name < $1.name })
    }

    private func status(of member: MemberRecord, now: MonotonicInstant) -> MemberStatus {
        let isSelf = member.id == identity.id
        let received = reports[member.id]
        let sinceContact = received.map { now - $0.at }
        let isOnline = isSelf || sinceContact.map { $0 < Self.offlineAfter } ?? false
        let applied = isSelf ? appliedIndex : received?.report.appliedIndex
        return MemberStatus(
            id: member.id, name: member.name,
            role: core.configuration.isVoter(member.id) ? .voter : .replica,
            isLeader: core.leader == member.id, state: isOnline ? .online : .offline,
            appliedIndex: applied, snapshot: isSelf ? core.status.incomingSnapshot : core.status.peers.first { $0.id == member.id }?.snapshot,
            lag: applied.map { core.commitIndex.rawValue - min($0.rawValue, core.commitIndex.rawValue) },
            ageMilliseconds: isSelf ? ownAgeMilliseconds : Self.currentAge(received, sinceContact),
            version: isSelf ? CredenceVersion.text : received?.report.version,
            clockSkewMilliseconds: isSelf ? 0 : received.map(Self.clockSkew),
            addresses: member.addresses,
            certificateExpiresAt: certificateExpiries[member.id],
            lastContactMilliseconds: isSelf ? 0 : sinceContact.map(Self.milliseconds))
    }

    /// The age it reported, grown by the time since.
    private static func currentAge(_ received: ReceivedReport?, _ sinceContact: Duration?) -> UInt64? {
        guard let age = received?.report.ageMilliseconds, let sinceContact else { return nil }
        let (sum, overflow) = age.addingReportingOverflow(milliseconds(sinceContact))
        return overflow ? .max : sum
    }

    /// Saturates: the other clock is whatever a peer wrote.
    private static func clockSkew(_ received: ReceivedReport) -> Int64 {
        let (skew, overflow) = received.report.wallClockMilliseconds.subtractingReportingOverflow(received.wallClock)
        return overflow ? (received.report.wallClockMilliseconds < 0 ? .min : .max) : skew
    }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        UInt64(clamping: duration.nanosecondsClamped / 1_000_000)
    }

    // MARK: - Clocks

    /// A token's times are judged by each member's own clock, so members that disagree give different answers.
    private static let clockSkewMilliseconds: Int64 = 2_000
    private static let clockSaidPeriod: Duration = .seconds(600)

    func watchClock(of member: MemberID) {
        guard let received = reports[member] else { return }
        let skew = Self.clockSkew(received)
        guard skew.magnitude >= UInt64(Self.clockSkewMilliseconds) else { return }
        if let said = clocksSaidAt[member], received.at - said < Self.clockSaidPeriod { return }
        clocksSaidAt[member] = received.at
        logger.warning(
            "the clock of a member differs from this one's; set up NTP on both",
            metadata: ["member": "\(name(of: member))", "milliseconds": "\(skew)"])
    }

    // MARK: - What the listeners present

    /// Builds the listeners' identity anew when the cluster's certificate arrives or changes.
    func publishServerIdentity() {
        do {
            onServerIdentity?(try serverIdentity())
        } catch {
            logger.error("the cluster's certificate cannot be used", metadata: ["reason": "\(error)"])
        }
    }

    func serverIdentity() throws -> TLSServerIdentity {
        guard let cluster = state.cluster, let secret = openServerKey(of: cluster) else {
            // A joiner before its first entries, or before those that lead to its data key: members reach it, clients do not
            // trust it yet. It must start with them, or one that is killed there never starts again.
            return TLSServerIdentity(context: try serverContext(identity.tls), fingerprint: nil)
        }
        let chain = try cluster.serverCertificate.map { try Certificate(der: $0) }
        let shared = TLSIdentity(chain: chain, key: try PrivateKey(pkcs8: secret))
        return TLSServerIdentity(context: try serverContext(shared), fingerprint: chain.first?.fingerprint)
    }

    func openServerKey(of cluster: ClusterRecord) -> SecretBytes? { try? identity.custody.open(cluster.sealedServerKey, for: .serverKey) }

    private func serverContext(_ shared: TLSIdentity) throws -> TLSContext {
        try TLSContext.server(identity: shared, peerIdentity: (Self.peerProtocol, identity.tls), alpn: ["http/1.1"])
    }
}
