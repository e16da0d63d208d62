import Logging
import EventLoop
import HashTreeCollections
import Raft
import TrustStore

/// What the leader does by itself, a few times a second.
struct Housekeeping {
    static let period: Duration = .milliseconds(200)
    /// A change that did not take effect is tried again after this.
    static let patience: Duration = .seconds(2)

    /// When this leader first saw each pending key applied here, by its own clock.
    var pendingKeySeenAt: [String: MonotonicInstant] = [:]
    /// Keys that are being made, off the loop, to replace old ones.
    var keysBeingMade: Set<SigningKeyAlgorithm> = []
    var hasSaidKeysAreMany = false
    var lastRoundAt: MonotonicInstant?
    var leadingSince: MonotonicInstant?
    var handOverTriedAt: MonotonicInstant?
    var lastHeir: MemberID?
    var certificatesCheckedAt: MonotonicInstant?
    /// Wall clock, seconds.
    var operatorsCertificateSaidAt: Int64 = 0
    /// Ids of revoked tokens that are over, found and not yet forgotten.
    var endedRevocations: [String] = []
    var revocationsSearch = RevocationsSearch()
    /// When the records of issued certificates were last looked through.
    var issuedSweptAt: MonotonicInstant?
    /// What the cluster's CRL says may have changed since this leader looked.
    var clusterListMayDiffer = true
    /// After an attempt to sign it that came to nothing.
    var clusterListHold = HoldBack()
    var lists = RevocationListSchedule()
    /// When each standing task was last proposed, by a name for it.
    var proposedAt: [String: MonotonicInstant] = [:]

    mutating func isDue(now: MonotonicInstant) -> Bool {
        if let lastRoundAt, now - lastRoundAt < Self.period { return false }
        lastRoundAt = now
        proposedAt = proposedAt.filter { now - $0.value < Self.patience }
        return true
    }

    /// False while an earlier proposal of the same task may still take effect.
    mutating func begin(_ task: String, now: MonotonicInstant, patience: Duration = patience) -> Bool {
        if let earlier = proposedAt[task], now - earlier < patience { return false }
        proposedAt[task] = now
        return true
    }
}

/// What failed once would mostly fail again at once: another attempt, and another line in the log, come later.
struct HoldBack {
    static let period: Duration = .seconds(600)

    private var until: MonotonicInstant?

    mutating func begin(now: MonotonicInstant) { until = now + Self.period }

    func isOn(now: MonotonicInstant) -> Bool { until.map { now < $0 } ?? false }
}

extension Node {
    static let system = TrustStore.Actor(id: "cluster", method: "member", address: nil)

    func keepHouse(now: MonotonicInstant) {
        guard core.role == .leader else {
            housekeeping.pendingKeySeenAt = [:]
            housekeeping.clusterListMayDiffer = true
            housekeeping.leadingSince = nil
            housekeeping.certificatesCheckedAt = nil
            housekeeping.clusterListHold = HoldBack()
            stopFetchingRevocationLists()
            return
        }
        if housekeeping.leadingSince == nil { housekeeping.leadingSince = now }
        guard housekeeping.isDue(now: now) else { return }
        reconcileMembers(now: now)
        activatePendingKeys(now: now)
        rotateOldKeys(now: now)
        settleRetiredKeys(now: now)
        sweepTokens(now: now)
        forgetEndedRevocations(now: now)
        sweepRevocationLists(now: now)
        fetchRevocationLists(now: now)
        sweepIssuedCertificates(now: now)
        renewClusterList(now: now)
        endAuthorityOverlap(now: now)
        renewCertificates(now: now)
        raiseFeatureLevel(now: now)
    }

    /// Longer than any import stands still; a list that nobody goes on with takes room.
    private static let pendingListSeconds: Int64 = 600

    private func sweepRevocationLists(now: MonotonicInstant) {
        for list in state.revocationLists.values where !list.isInForce && list.changedAt + Self.pendingListSeconds < logSeconds {
            guard housekeeping.begin("drop list \(list.id)", now: now) else { continue }
            proposeAsLeader(.removeRevocationList(id: list.id))
        }
    }

    /// A key may sign once every member can verify with it: each has reported applying it, or those
    /// that have not are stale by now and vouch for nothing (docs/decisions/0005).
    private func activatePendingKeys(now: MonotonicInstant) {
        let pending = state.signingKeys.values.filter { $0.state == .pending }
        housekeeping.pendingKeySeenAt = housekeeping.pendingKeySeenAt.filter { seen in
            pending.contains { $0.kid == seen.key }
        }
        for key in pending {
            let seenAt = housekeeping.pendingKeySeenAt[key.kid] ?? now
            housekeeping.pendingKeySeenAt[key.kid] = seenAt
            guard logSeconds >= key.activateAfter ?? 0, isKnownEverywhere(key) || isOld(seenAt, now: now),
                housekeeping.begin("activate \(key.kid)", now: now)
            else { continue }
            proposeAsLeader(.activateSigningKey(kid: key.kid, retiringSeconds: state.settings.tokenSecondsMax))
        }
    }

    private func isKnownEverywhere(_ key: SigningKeyRecord) -> Bool {
        state.members.values.filter { $0.id != identity.id }.allSatisfy { member in
            (reports[member.id]?.report.appliedIndex ?? .zero) >= key.version
        }
    }

    /// Whoever could still vouch without the key proved its state before this leader saw the key; one
    /// second more covers both clocks' errors.
    private func isOld(_ seenAt: MonotonicInstant, now: MonotonicInstant) -> Bool {
        now - seenAt > .milliseconds(stalenessBoundAnywhere) + .seconds(1)
    }

    /// A member that has not said that it applied the newest bound may still go by an older one, the longest there may be.
    private var stalenessBoundAnywhere: Int64 {
        let since = state.cluster?.freshnessSince ?? .zero
        let all = state.members.values.allSatisfy { member in
            member.id == identity.id || (reports[member.id]?.report.appliedIndex ?? .zero) >= since
        }
        return all ? state.settings.maxStalenessMilliseconds : ClusterSettings.maxStalenessRange.upperBound
    }

    private static let tokenSweepDelaySeconds: Int64 = 60

    /// Expired tokens are refused by their time; the sweep only keeps them from piling up. Late by a
    /// minute, so that a late redeemer is told "expired" rather than "unknown".
    private func sweepTokens(now: MonotonicInstant) {
        let limit = WallClock.nowSeconds() - Self.tokenSweepDelaySeconds
        for token in state.joinTokens.values where token.expiresAt < limit {
            guard housekeeping.begin("sweep \(token.id)", now: now) else { continue }
            proposeAsLeader(.removeJoinToken(id: token.id))
        }
        for token in state.addTokens.values where token.isExpired(at: limit) {
            guard housekeeping.begin("sweep \(token.id)", now: now) else { continue }
            proposeAsLeader(.removeAddToken(id: token.id))
        }
    }

    func proposeAsLeader(_ body: CommandBody) {
        let proposal = TrustStore.Proposal(
            requestID: .random(), proposedAfter: appliedIndex, actor: Self.system, body: body)
        accept(proposal.encode(), from: .configuration)
    }
}
