import Crypto
import EventLoop
import HashTreeCollections
import Logging
import Raft
import Storage
import TrustStore

/// Who votes, who leaves, and where a member is reached: what operators ask for, brought about.
extension Node {
    /// One step at a time, and only steps that the core would take.
    func reconcileMembers(now: MonotonicInstant) {
        // Before its own first entry is applied a leader does not know what the one before it was about.
        // And before everybody had time to answer it, it does not know who is there.
        guard applied.position.term == core.term, core.status.transferTarget == nil,
            let since = housekeeping.leadingSince, now - since >= timing.tick * timing.electionTicks,
            let next = voterPlan(now: now).next(), housekeeping.begin("members", now: now, patience: .seconds(1))
        else { return }
        switch next {
        case .promote(let member):
            logger.notice("making a member a voter", metadata: ["member": "\(name(of: member))"])
            proposeVoters(core.configuration.voters + [member])
        case .demote(let member):
            logger.notice("making a member a replica", metadata: ["member": "\(name(of: member))"])
            proposeVoters(core.configuration.voters.filter { $0 != member })
        case .handOver(let heir):
            // Nothing is taken while leadership is handed over, and an heir that cannot take it is found out only by waiting.
            if let tried = housekeeping.handOverTriedAt, now - tried < Self.handOverPatience { return }
            housekeeping.handOverTriedAt = now
            housekeeping.lastHeir = heir
            logger.notice("handing leadership over: this member is to vote no more", metadata: ["to": "\(name(of: heir))"])
            step(.transferLeadership(id: 0, to: heir))
        case .remove(let member):
            guard let record = state.members[member] else { return }
            let expiresAt = (try? Certificate(der: record.certificate))?.notAfterAt ?? logSeconds
            proposeAsLeader(.removeMember(RemoveMember(member, keepUntil: max(0, expiresAt))))
        }
    }

    private static let handOverPatience: Duration = .seconds(30)

    private func proposeVoters(_ voters: [MemberID]) {
        let id = offers.reserve(requestID: RequestID(high: 0, low: 0), origin: .configuration)
        step(.proposeConfiguration(id: id, Configuration(voters: voters)))
    }

    func voterPlan(now: MonotonicInstant) -> VoterPlan {
        let seconds = state.settings.replaceAfterSeconds
        let peers = Dictionary(core.status.peers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let members = state.members.values.map { record in
            let peer = peers[record.id]
            let isSelf = record.id == identity.id
            return VoterPlan.Candidate(
                id: record.id, role: record.role, isLeaving: record.isLeaving, isVoter: core.configuration.isVoter(record.id),
                isLeader: isSelf, isCaughtUp: peer?.isCaughtUp ?? false, isActive: isSelf || peer?.isActive ?? false,
                isInStep: isSelf || (peer?.match ?? .zero) >= core.commitIndex,
                silence: isSelf ? .zero : silence(of: record.id, now: now))
        }
        return VoterPlan(
            members: members.sorted { $0.id < $1.id }, strays: core.configuration.voters.filter { state.members[$0] == nil },
            votersMax: Int(state.settings.votersMax), replaceAfter: seconds > 0 ? .seconds(seconds) : nil,
            lastHeir: housekeeping.lastHeir)
    }

    /// A new leader counts from when it began to lead: what its predecessor knew it does not.
    private func silence(of member: MemberID, now: MonotonicInstant) -> Duration {
        let since = max(reports[member]?.at ?? MonotonicInstant(nanoseconds: 0), housekeeping.leadingSince ?? now)
        return now - since
    }

    // MARK: - Removal

    static let removedReason =
        "this member was removed from the cluster; empty its data directory, or move it away, before it joins again"

    /// Why a change that the operator asked for would leave too few voters within reach; nil when it would not.
    ///
    /// By what this member knows. The core judges again, on the leader.
    func obstacle(toRemoving member: MemberID) -> String? {
        guard core.configuration.isVoter(member) else { return nil }
        let now = MonotonicInstant.now()
        let remaining = core.configuration.voters.filter { $0 != member && state.members[$0]?.isLeaving != true }
        // The replicated rules refuse the last one, in their own words.
        guard !remaining.isEmpty else { return nil }
        let reachable = remaining.filter { isOnline($0, now: now) }
        let hasReplacement = state.members.values.contains {
            $0.id != member && !core.configuration.isVoter($0.id) && $0.role != .replica && !$0.isLeaving && isOnline($0.id, now: now)
        }
        if hasReplacement || reachable.count > remaining.count / 2 { return nil }
        let away = remaining.filter { !reachable.contains($0) }
        return "without \(name(of: member)) only \(reachable.count) of \(remaining.count) voters would be within reach, and nothing could be "
            + "changed any more; first bring back or remove \(names(of: away))"
    }

    private func isOnline(_ member: MemberID, now: MonotonicInstant) -> Bool {
        member == identity.id || reports[member].map { now - $0.at < Self.offlineAfter } ?? false
    }

    // MARK: - Addresses

    private static let announcePeriod: Duration = .seconds(2)

    /// A member that was started with other addresses than the cluster knows tells it, so that the others find it again.
    ///
    /// Whom nobody reaches hears of no leader. Its own connections work, and one of those whom it tells leads.
    func announceAddresses(now: MonotonicInstant) {
        guard let announced = announcedAddresses, let own = state.members[identity.id], own.addresses != announced, quarantine == nil,
            now - (addressesAnnouncedAt ?? MonotonicInstant(nanoseconds: 0)) >= Self.announcePeriod
        else { return }
        addressesAnnouncedAt = now
        let proposal = TrustStore.Proposal(
            requestID: .random(), proposedAfter: appliedIndex, actor: Self.system,
            body: .changeMemberAddresses(member: identity.id, addresses: announced))
        logger.notice("telling the cluster this member's new addresses", metadata: ["addresses": "\(announced.joined(separator: ","))"])
        let encoded = proposal.encode()
        if core.leader == identity.id { return accept(encoded, from: .configuration) }
        let told = core.leader.map { [$0] } ?? Array(links.keys)
        for member in told { send(.proposal(encoded), to: member) }
    }
}
