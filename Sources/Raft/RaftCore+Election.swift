/// Elections: Raft §5.2 and §5.4.1, PreVote (thesis §9.6), CheckQuorum and stickiness (thesis §4.2.3, §6.2).
/// All three of the latter are needed; any two leave a known livelock (docs/consensus.md §3).
extension RaftCore {
    mutating func tickAsFollower() {
        output.failedReads += forwardedReads.expire(at: clock.now)
        guard configurations.mayStillVote(id), canCampaign else { return }
        // Nobody to ask, so nobody to wait for.
        if configuration.voters == [id] {
            if role == .follower { campaign() }
        } else if clock.isElectionDue {
            startPreVote()
        }
    }

    /// A candidate names its last entry, and names only what is durable (docs/consensus.md §2). A member whose
    /// log is being replaced has no end to name; one that lost entries must not lead without them (§10).
    var canCampaign: Bool {
        let isWhole = disk.durable == lastIndex || mutated(.campaignsUnsynced)
        let isStill = incoming?.holdsLog != true || mutated(.campaignsDuringInstall)
        return isWhole && isStill && lost == nil && term < .max
    }

    /// Asks whether an election could be won. Changes no term, no vote and no timer but our own; the leader we
    /// knew is forgotten, the vote is not (docs/consensus.md §3).
    private mutating func startPreVote() {
        forgetLeader()
        clock.restart()
        if mutated(.forgetsVoteInPreVote) { setHardState(HardState(term: term)) }
        lastPoll += 1
        var poll = Poll(round: lastPoll)
        poll.grant(from: id)
        standing = .preCandidate(poll)
        let request = VoteRequest(round: poll.round, last: log.last)
        for voter in configuration.voters where voter != id {
            sendNow(to: voter, term: term.next, .preVote(request))
        }
        if poll.isWon(in: configuration) { campaign() }
    }

    mutating func campaign(alreadyGranted: [MemberID] = [], isTransfer: Bool = false) {
        guard canCampaign else { return }
        // A log that is put forward must not be replaced afterwards: what has arrived of a snapshot waits on the
        // disk for the next leader to offer it again.
        if incoming?.holdsLog != true, !mutated(.keepsArrivingSnapshot) { incoming = nil }
        enterTerm(term.next, vote: id)
        clock.restart()
        lastPoll += 1
        var poll = Poll(round: lastPoll, voteOperation: disk.hardStateOperation)
        for member in alreadyGranted { poll.grant(from: member) }
        standing = .candidate(poll)
        let request = VoteRequest(round: poll.round, last: log.last, isTransfer: isTransfer)
        for voter in configuration.voters where voter != id { send(to: voter, .vote(request)) }
    }

    /// Our own vote counts once it is durable, like anybody's (docs/consensus.md §2).
    mutating func countOwnVote() {
        guard case .candidate(let poll) = standing, let operation = poll.voteOperation,
            disk.isComplete(operation) else { return }
        tally(grantFrom: id)
    }

    // MARK: Answering

    /// A member that hears its leader, or leads and hears its majority, does not help to depose it (thesis
    /// §4.2.3): a server that was cut off or removed cannot disturb a cluster that works.
    private var isLoyal: Bool {
        if mutated(.onlyMembersVote), !configuration.isVoter(id) { return true }
        return !mutated(.ignoresStickiness) && (isLeader || clock.hasRecentLeader)
    }

    mutating func receivePreVote(_ request: VoteRequest, term requested: Term, from member: MemberID) {
        guard !isLoyal, lost == nil else { return }
        let durable = LogPosition(term: log.term(at: disk.durable) ?? .zero, index: disk.durable)
        guard requested > term, isUpToDate(request.last, with: durable) else {
            return send(to: member, .preVoteReply(VoteReply(round: request.round, isGranted: false)))
        }
        // The grant names the term that was asked for: with our own, older one the asker would drop it and a
        // member that is behind could never help to elect anybody (etcd d4471b2).
        let named = mutated(.preVoteGrantCarriesOwnTerm) ? term : requested
        sendNow(to: member, term: named, .preVoteReply(VoteReply(round: request.round, isGranted: true)))
    }

    /// Whether a vote request is to be ignored altogether, term included. The leader itself asked for a
    /// campaign that says so (thesis §4.2.3); such a one passes loyalty by, and nothing else.
    func ignoresCampaign(_ body: Message.Body) -> Bool {
        guard case .vote(let request) = body, !request.isTransfer else { return false }
        return isLoyal
    }

    mutating func receiveVote(_ request: VoteRequest, from member: MemberID) {
        let isFree = hardState.vote == member || (hardState.vote == nil && leader == nil)
            || (request.isTransfer && mutated(.votesTwiceForTransfer))
        // Compared with everything we hold, durable or not: an acknowledgement of the rest may leave before
        // this answer does.
        let isGranted = isFree && lost == nil && isUpToDate(request.last, with: log.last)
        if isGranted {
            if hardState.vote != member { setHardState(HardState(term: term, vote: member)) }
            clock.restart()
        }
        let reply = Message.Body.voteReply(VoteReply(round: request.round, isGranted: isGranted))
        if mutated(.answersVoteBeforeDurable) { return sendNow(to: member, term: term, reply) }
        send(to: member, reply)
    }

    /// Raft §5.4.1: the later last term wins; with equal terms the longer log.
    private func isUpToDate(_ candidate: LogPosition, with own: LogPosition) -> Bool {
        if mutated(.comparesLogsByIndexOnly) { return candidate.index >= own.index }
        if mutated(.wantsTermAndIndex) { return candidate.term >= own.term && candidate.index >= own.index }
        return candidate >= own
    }

    // MARK: Counting

    mutating func receivePreVoteReply(_ reply: VoteReply, term named: Term, from member: MemberID) {
        guard reply.isGranted, case .preCandidate(var poll) = standing,
            poll.round == reply.round, named == term.next else { return }
        poll.grant(from: member)
        standing = .preCandidate(poll)
        if poll.isWon(in: configuration) {
            campaign(alreadyGranted: mutated(.countsPreVoteAsVote) ? poll.grants : [])
        }
    }

    mutating func receiveVoteReply(_ reply: VoteReply, from member: MemberID) {
        guard reply.isGranted, case .candidate(let poll) = standing,
            poll.round == reply.round || mutated(.countsLateVotes) else { return }
        tally(grantFrom: member)
    }

    private mutating func tally(grantFrom member: MemberID) {
        guard case .candidate(var poll) = standing else { return }
        poll.grant(from: member)
        standing = .candidate(poll)
        // Our own vote must be among the durable ones even when the others would suffice.
        if poll.isWon(in: configuration), poll.grants.contains(id) { becomeLeader() }
    }

    // MARK: Changing standing

    /// Moves to a newer term. Nothing held back for an older one is sent any more.
    mutating func enterTerm(_ newer: Term, vote: MemberID?) {
        stopLeading()
        forgetLeader()
        standing = .follower
        setHardState(HardState(term: newer, vote: vote))
        disk.dropHeld(before: newer)
    }

    mutating func adopt(_ newer: Term) {
        if isLeader { output.events.append(.steppedDown(.newerTerm, term: term)) }
        enterTerm(newer, vote: nil)
    }

    /// The sender leads this term. It is the only one (Raft §5.2, election safety).
    mutating func follow(_ member: MemberID) -> Bool {
        if isLeader || (leader != nil && leader != member) {
            stop(.twoLeaders(term: term, known: leader, other: member))
            return false
        }
        standing = .follower
        leader = member
        let followers = settings.followersTakeTurns ? configuration.voters.filter { $0 != member } : []
        clock.leaderHeard(place: followers.count { $0 < id }, among: followers.count)
        return true
    }

    /// Leaves office without a newer term.
    mutating func stepDown(_ reason: StepDownReason) {
        output.events.append(.steppedDown(reason, term: term))
        stopLeading()
        forgetLeader()
        standing = .follower
    }

    private mutating func forgetLeader() {
        leader = nil
        clock.leaderLost()
        output.failedReads += forwardedReads.fail()
    }

    private mutating func stopLeading() {
        guard isLeader else { return }
        failReads()
        endTransfer(.leadershipLost)
        for snapshot in reign.snapshots.ready { output.snapshots.append(.release(snapshot.id)) }
        reign = Reign()
        clock.restart()  // it has stood still since the election
    }
}
