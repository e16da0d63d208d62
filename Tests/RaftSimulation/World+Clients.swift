import Raft

/// Requests that must take effect once however often they are sent, and the shell's part in that: any member takes
/// a request, carries it to the leader, and answers when it has applied it (docs/consensus.md §9).
extension World {
    static let clientsMax = 12

    func runClients() throws(Violation) {
        let mayBegin = !isHealed && clients.count < Self.clientsMax
        if mayBegin, clientDraw.chance(profile.clientPermille) { begin(isRevocation: false) }
        if mayBegin, clientDraw.chance(profile.revocationPermille) { begin(isRevocation: true) }
        for place in clients.indices where clients[place].deadline <= now {
            guard let member = clientDraw.pick(members.filter { $0.isUp && $0.pausedUntil <= now && !$0.isBroken && isBound($0) }) else { continue }
            clients[place].attempts += 1
            if clients[place].attempts > 1 { reached.note(.requestRetried) }
            clients[place].deadline = now + electionTicks + clientDraw.int(in: 0...2 * electionTicks)
            take(clients[place], at: member)
        }
        for member in members where !member.taken.isEmpty && member.pausedUntil <= now { try offerTaken(by: member) }
    }

    private func begin(isRevocation: Bool) {
        nextRequest += 1
        clients.append(ClientRequest(id: nextRequest, isRevocation: isRevocation))
    }

    private func take(_ request: ClientRequest, at member: Member) {
        if member.machine.answer(to: request.id) != nil {
            // Applied already: the same answer once more.
            reached.note(.retryAnsweredFromState)
            answeredLater.append((request.id, member.slot))
        } else if !member.taken.contains(where: { $0.request.id == request.id }) {
            member.taken.append(TakenRequest(request: request))
        }
    }

    /// To the leader, once; again when there is another one, or when nothing came of it for long.
    private func offerTaken(by member: Member) throws(Violation) {
        guard let core = member.process?.core, let leader = core.leader?.slot else { return }
        let term = core.term.rawValue
        for place in member.taken.indices {
            guard place < member.taken.count else { break }
            if let offer = member.taken[place].offeredTo, offer.leader == leader, offer.term == term,
                now - offer.tick < 2 * electionTicks { continue }
            member.taken[place].offeredTo = TakenRequest.Offer(leader: leader, term: term, tick: now)
            let request = member.taken[place].request
            if leader == member.slot {
                try propose(request, at: member)
            } else {
                reached.note(.requestForwarded)
                send(ShellMessage(from: member.slot, to: leader, body: .proposal(request, hops: 1)))
            }
        }
    }

    private func propose(_ request: ClientRequest, at leader: Member) throws(Violation) {
        // What it has appended in this term cannot get lost while it leads: the same again would only fill the log.
        let term = leader.term
        if leader.appended[request.id] == term, isHealed || profile.remembersOffers { return }
        let before = leader.lastIndex
        try step(leader, .propose(id: request.id, payload: request.payload))
        guard leader.isUp, leader.lastIndex > before else { return }
        leader.appended[request.id] = term
        #if CREDENCE_MUTANTS
        if mutant == .answersByIndexAlone { leader.awaitedByIndex[leader.lastIndex] = request.id }
        #endif
    }

    private func send(_ message: ShellMessage) {
        guard isHeard(members[message.from], by: message.to) else { return }
        transmit(from: message.from, to: message.to) { .shell(message, $0) }
    }

    func receive(_ message: ShellMessage) throws(Violation) {
        let member = members[message.to]
        guard let core = member.process?.core else { return }
        switch message.body {
        case .proposal(let request, let hops):
            if hops > 1 { throw Violation(invariant: "L3", tick: now, detail: "request \(request.id) was forwarded \(hops) times") }
            if core.isLeader { return try propose(request, at: member) }
            reached.note(.forwardRefused)
            #if CREDENCE_MUTANTS
            if mutant == .forwardsForEver, let leader = core.leader {
                return send(ShellMessage(from: member.slot, to: leader.slot, body: .proposal(request, hops: hops + 1)))
            }
            #endif
            send(ShellMessage(from: member.slot, to: message.from, body: .refused(request: request.id)))
        case .refused(let id):
            guard let place = member.taken.firstIndex(where: { $0.request.id == id }) else { return }
            member.taken[place].offeredTo = nil
        }
    }

    /// The member has applied the request; whoever waits for it there hears of it.
    func answerTaken(_ id: UInt64, at member: Member) throws(Violation) {
        guard let place = member.taken.firstIndex(where: { $0.request.id == id }) else { return }
        member.taken.remove(at: place)
        try answer(id, with: member.machine.answer(to: id), by: member)
    }

    func answer(_ id: UInt64, with answer: UInt64?, by member: Member) throws(Violation) {
        guard let place = clients.firstIndex(where: { $0.id == id }) else { return }
        let request = clients.remove(at: place)
        try checker.answered(id, with: answer, by: member)
        if request.isRevocation {
            staleness.acknowledged(checker.effectIndex(of: id) ?? .zero, at: now)
            if members.contains(where: { $0.isUp && network.isCut(from: $0.slot, to: member.slot) }) { reached.note(.revokedInPartition) }
        }
        if request.attempts > 1 { reached.note(.retryAnswered) }
    }

    /// Whom a member that had already applied the request answers at once.
    func answerLater() throws(Violation) {
        while let (id, slot) = answeredLater.popLast() { try answer(id, with: members[slot].machine.answer(to: id), by: members[slot]) }
    }
}
