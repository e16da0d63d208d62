import HashTreeCollections
import Raft

extension Step {
    mutating func found(_ founding: FoundCluster) throws(CommandRefusal) -> CommandResult {
        guard state.cluster == nil else {
            throw CommandRefusal(.clusterExists, "the cluster was founded before")
        }
        put(
            ClusterRecord(
                id: founding.id, name: founding.name, issuer: founding.issuer,
                caCertificate: founding.caCertificate, sealedCAKey: founding.sealedCAKey,
                serverCertificate: founding.serverCertificate, sealedServerKey: founding.sealedServerKey,
                settings: founding.settings, createdAt: now))
        add(founding.member, joinTokenID: nil)
        for key in founding.signingKeys { _ = try addSigningKey(key) }
        return done(founding.id)
    }

    /// All of the change or nothing of it.
    mutating func changeSettings(_ change: SettingsChange) throws(CommandRefusal) -> CommandResult {
        guard var cluster = state.cluster else { throw CommandRefusal(.clusterNotFounded, "there is no cluster yet") }
        let former = cluster.settings
        cluster.settings = change.applied(to: former)
        try cluster.settings.check()
        let isAboutFreshness = cluster.settings.maxStalenessMilliseconds != former.maxStalenessMilliseconds
            || cluster.settings.stalenessPolicy != former.stalenessPolicy
        if isAboutFreshness { cluster.freshnessSince = index }
        put(cluster)
        tokensMayLive(for: cluster.settings.tokenSecondsMax)
        return done("")
    }

    mutating func addJoinToken(_ token: AddJoinToken) throws(CommandRefusal) -> CommandResult {
        guard state.member(named: token.memberName) == nil else {
            throw CommandRefusal(.memberNameTaken, "The cluster already has a member with name: \(token.memberName)")
        }
        guard state.joinTokens[token.id] == nil else {
            throw CommandRefusal(.joinTokenExists, "a join token with this id exists")
        }
        guard token.expiresAt > now else {
            throw CommandRefusal(.joinTokenExpired, "the join token would be expired already; compare the members' clocks")
        }
        if let older = state.joinToken(forMember: token.memberName) { removeJoinToken(older.id) }
        // An expired token is kept as long as there is room, so that its user is told that it expired.
        if state.joinTokens.count >= StateLimits.joinTokensMax { forgetExpiredJoinTokens() }
        try checkRoom(state.joinTokens.count, below: StateLimits.joinTokensMax, "join tokens")
        put(
            JoinTokenRecord(
                id: token.id, memberName: token.memberName, secretHash: token.secretHash,
                expiresAt: token.expiresAt, createdAt: now, createdBy: command.actor.id))
        return done(token.id)
    }

    private mutating func forgetExpiredJoinTokens() {
        let now = now
        // Sorted, because the order of a hash map differs from process to process.
        for id in state.joinTokens.filter({ $0.value.expiresAt <= now }).keys.sorted() { removeJoinToken(id) }
    }

    mutating func dropJoinToken(_ id: String) throws(CommandRefusal) -> CommandResult {
        guard state.joinTokens[id] != nil else { throw unknownJoinToken }
        removeJoinToken(id)
        return done(id)
    }

    mutating func joinMember(_ join: JoinMember) throws(CommandRefusal) -> CommandResult {
        // A joiner that missed the answer asks again; the token is gone by then, and its key, which
        // nobody else has, is what it is recognised by.
        if let member = state.members[join.member.id], member.publicKey == join.member.publicKey {
            return CommandResult(id: member.id.description, index: member.joinedIndex)
        }
        guard !state.removedMembers.values.contains(where: { $0.id == join.member.id || $0.publicKey == join.member.publicKey }) else {
            throw CommandRefusal(.memberRemoved, "this member was removed from the cluster; empty its directory, and join with a new key")
        }
        try redeem(join)
        guard join.member.featureLevel >= state.featureLevel else {
            throw CommandRefusal(
                .memberTooOld,
                "the joining member's version knows feature level \(join.member.featureLevel), the cluster is at \(state.featureLevel); install the cluster's version there")
        }
        try checkIsNew(join.member)
        try checkRoom(state.members.count, below: StateLimits.membersMax, "members")
        removeJoinToken(join.tokenID)
        add(join.member, joinTokenID: join.tokenID)
        return done(join.member.id.description)
    }

    mutating func changeAddresses(of id: MemberID, to addresses: [String]) throws(CommandRefusal) -> CommandResult {
        guard var member = state.members[id] else { throw unknownMember }
        member.addresses = addresses
        member.version = index
        put(member)
        return done(id.description)
    }

    mutating func changeMember(_ change: ChangeMember) throws(CommandRefusal) -> CommandResult {
        guard var member = state.members[change.member] else { throw unknownMember }
        guard change.expectedVersion == nil || change.expectedVersion == member.version else {
            throw CommandRefusal(.memberChanged, "the member was changed meanwhile; look at it again, then repeat the change")
        }
        if let name = change.name, name != member.name {
            guard state.member(named: name) == nil else {
                throw CommandRefusal(.memberNameTaken, "The cluster already has a member with name: \(name)")
            }
            // Its token would admit nobody any more.
            if let token = state.joinToken(forMember: name) { removeJoinToken(token.id) }
            member.name = name
        }
        if let addresses = change.addresses { member.addresses = addresses }
        if let role = change.role {
            try checkVotersFit(role, of: member)
            member.role = role
        }
        if let isLeaving = change.isLeaving {
            if isLeaving { try checkIsNotLast(member) }
            member.isLeaving = isLeaving
        }
        if let summary = change.summary { member.summary = summary }
        if let failureDomain = change.failureDomain { member.failureDomain = failureDomain }
        member.version = index
        put(member)
        return done(change.member.description)
    }

    mutating func renewCertificate(_ renewal: RenewMemberCertificate) throws(CommandRefusal) -> CommandResult {
        guard var member = state.members[renewal.member] else { throw unknownMember }
        guard member.publicKey == renewal.publicKey else {
            throw CommandRefusal(.memberChanged, "the certificate is for another key than the member has")
        }
        member.certificate = renewal.certificate
        let now = now
        let former = member.formerCertificates.filter { $0.expiresAt >= now } + (renewal.former.map { [$0] } ?? [])
        member.formerCertificates = former.suffix(StateLimits.formerCertificatesMax)
        put(member)
        return done(renewal.member.description)
    }

    mutating func setServerCertificate(_ new: SetServerCertificate) throws(CommandRefusal) -> CommandResult {
        guard var cluster = state.cluster else { throw CommandRefusal(.clusterNotFounded, "there is no cluster yet") }
        guard new.former == nil || new.former == cluster.serverCertificate.first else {
            throw CommandRefusal(.memberChanged, "another certificate is shown by now")
        }
        try checkSealing(new.sealedKey)
        cluster.serverCertificate = new.chain
        cluster.sealedServerKey = new.sealedKey
        cluster.isServerCertificateOperators = new.isOperators
        put(cluster)
        return done(cluster.id)
    }

    private func checkVotersFit(_ role: RoleWish, of member: MemberRecord) throws(CommandRefusal) {
        let others = state.members.values.filter { $0.id != member.id && !$0.isLeaving }
        let max = Int(state.settings.votersMax)
        if role == .voter, others.count(where: { $0.role == .voter }) >= max {
            throw CommandRefusal(
                .memberRole,
                "\(max) members are set to vote already, which is voters_max: set one of them to replica or automatic, or raise voters_max")
        }
        if role == .replica, others.allSatisfy({ $0.role == .replica }) {
            throw CommandRefusal(.memberRole, "no other member could vote then; set another one to voter or automatic first")
        }
    }

    private func checkIsNotLast(_ member: MemberRecord) throws(CommandRefusal) {
        let others = state.members.values.filter { $0.id != member.id && !$0.isLeaving }
        guard !others.isEmpty else { throw CommandRefusal(.memberIsLast, "Member is the only member in the cluster") }
        guard others.contains(where: { $0.role != .replica }) else {
            throw CommandRefusal(.memberRole, "all other members are set to be replicas; set one of them to voter or automatic first")
        }
    }

    /// Only of one that is leaving: a leader's late proposal must not take out a member whose removal was taken back.
    mutating func dropMember(_ removal: RemoveMember) throws(CommandRefusal) -> CommandResult {
        guard let member = state.members[removal.member] else { throw unknownMember }
        guard member.isLeaving else {
            throw CommandRefusal(.memberChanged, "the member is not leaving any more")
        }
        try checkIsNotLast(member)
        removeMember(member.id)
        forgetRemovedMembers(leavingRoom: true)
        put(
            RemovedMemberRecord(
                id: member.id, name: member.name, publicKey: member.publicKey, certificate: member.certificate, removedAt: now,
                keepUntil: removal.keepUntil, index: index, formerCertificates: member.formerCertificates))
        return done(member.id.description)
    }

    /// Those whose certificates have expired, and the oldest when there is no room: a cluster must be able to lose members
    /// for ever.
    mutating func forgetRemovedMembers(leavingRoom: Bool) {
        let now = now
        // By id too: one entry may have removed many, and the order of a hash map differs from process to process.
        let sorted = state.removedMembers.values.sorted { ($0.index, $0.id) < ($1.index, $1.id) }
        let expired = sorted.filter { $0.keepUntil < now }
        for record in expired { forgetRemovedMember(record.id) }
        guard leavingRoom else { return }
        let kept = sorted.filter { $0.keepUntil >= now }
        for record in kept.prefix(max(0, kept.count + 1 - StateLimits.removedMembersMax)) { forgetRemovedMember(record.id) }
    }

    private mutating func add(_ member: NewMember, joinTokenID: String?) {
        put(
            MemberRecord(
                id: member.id, name: member.name, addresses: member.addresses,
                publicKey: member.publicKey, certificate: member.certificate, joinedAt: now,
                featureLevel: member.featureLevel, joinedIndex: index, joinTokenID: joinTokenID))
    }

    /// Name and secret together, and only then the expiry: who holds no secret learns nothing of the token.
    private func redeem(_ join: JoinMember) throws(CommandRefusal) {
        guard let token = state.joinTokens[join.tokenID] else {
            guard state.members.values.contains(where: { $0.joinTokenID == join.tokenID }) else { throw unknownJoinToken }
            throw CommandRefusal(.joinTokenUsed, "the join token was used by another machine; make a new one")
        }
        let isSecretRight = Self.isEqual(token.secretHash, join.secretHash)
        guard isSecretRight, token.memberName == join.member.name else {
            throw CommandRefusal(.joinTokenMismatch, "the join token's name or secret does not match")
        }
        guard token.expiresAt > now else {
            throw CommandRefusal(.joinTokenExpired, "the join token has expired; make a new one")
        }
    }

    private func checkIsNew(_ member: NewMember) throws(CommandRefusal) {
        guard state.members[member.id] == nil else {
            throw CommandRefusal(.memberIDTaken, "a member with this id exists and has another key")
        }
        guard state.member(publicKey: member.publicKey) == nil else {
            throw CommandRefusal(.memberKeyTaken, "a member with this key exists under another id")
        }
        guard state.member(named: member.name) == nil else {
            throw CommandRefusal(.memberNameTaken, "The cluster already has a member with name: \(member.name)")
        }
    }

    /// Looks at every byte whatever the first ones are, so that the time taken tells nothing.
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private var unknownJoinToken: CommandRefusal {
        CommandRefusal(.joinTokenUnknown, "no such join token: it was never made, or was revoked or replaced")
    }

    private var unknownMember: CommandRefusal { CommandRefusal(.memberUnknown, "Cluster member not found") }
}
