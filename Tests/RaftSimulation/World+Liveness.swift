import Raft

/// The second half of a run: when faults end, the cluster must serve again, and stay calm.
extension World {
    func checkLiveness() throws(Violation) {
        heal()
        // Delays and stalls that began before the healing still have to end: at most 4E, and one tick.
        for _ in 0..<5 * electionTicks { try advance() }
        try converge(within: 40 * electionTicks)
        if profile.faultsAtTheEnd != .none, breakMinority() {
            reached.note(.minorityDownAtEnd)
            try converge(within: 20 * electionTicks)
        }
        try stayCalm()
    }

    private func heal() {
        isHealed = true
        network.heal()
        for member in members {
            // What its shell put off while it slept still comes first.
            member.shellBusyUntil = max(member.shellBusyUntil, member.pausedUntil)
            member.pausedUntil = 0
            member.disk.syncFailure = nil
            if !member.isUp, member.replaced == nil { member.restartAt = now + 1 }
        }
        tracer.note(now, 0, "healed")
    }

    /// The members that must take part: voters and learners of the newest committed state.
    private func participants() -> [Member] {
        guard let witness = members.filter({ $0.isUp && isBound($0) }).max(by: { ($0.applied, $1.slot) < ($1.applied, $0.slot) }) else { return [] }
        return members.filter { $0.isUp && !$0.isBroken && isBound($0) && witness.joined.contains($0.id) }
    }

    /// L1: a fresh write is acknowledged and applied by everybody, and everybody can read.
    private func converge(within ticks: Int) throws(Violation) {
        let deadline = now + ticks + backlogTicks()
        let asked = now
        var target: LogIndex?
        let before = acknowledged
        while now < deadline {
            if target == nil, now % 5 == 0, let leader = members.last(where: \.isLeader) { try write(at: leader) }
            if target == nil, acknowledged > before { target = acknowledged }
            try advance()
            guard let target, participants().allSatisfy({ $0.applied >= target }) else { continue }
            guard clients.isEmpty, try readEverywhere(until: deadline) else { continue }
            // A member may have joined meanwhile, and has to catch up first.
            guard participants().allSatisfy({ $0.applied >= target }) else { continue }
            for member in participants() { try checker.holdsAcknowledged(member) }
            return
        }
        if isServedFromOutside { return reached.note(.servedFromOutside) }
        let state = members.map { member in
            guard let core = member.process?.core else { return "down" }
            let status = core.status
            let notes = [
                status.isRecovering ? "recovering" : nil, member.isHealing ? "healing" : nil,
                status.incomingSnapshot.map { "fetching \($0.index)" },
                clients.isEmpty ? nil : "requests open", status.transferTarget.map { "handing over to \($0.slot)" },
            ].compactMap { $0 }
            return "\(member.slot): \(core.role) term \(core.term) commit \(core.commitIndex) of \(core.lastIndex) voters "
                + "\(core.configuration.voters.map(\.slot)) \(notes.joined(separator: ", "))"
        }
        throw Violation(
            invariant: "L1", tick: now, detail: "no progress within \(now - asked) ticks after healing: \(state)")
    }

    /// With one entry per message and one message under way, each entry of a member's arrears costs a round trip.
    private func backlogTicks() -> Int {
        let last = members.map { max($0.lastIndex, $0.disk.last.index) }.max() ?? .zero
        let least = members.map { $0.isUp ? $0.applied : $0.disk.applied }.min() ?? .zero
        let pieces = profile.usesSnapshots || profile.healPermille > 0 || profile.damagePermille > 0 ? Int(last.rawValue) / profile.settings.snapshotChunkBytes : 0
        let ticks = 10 * max(0, least.distance(to: last)) + 20 * pieces
        // A member that heals may lead at first, and applies nothing until it has handed over and fetched a state.
        return profile.healPermille > 0 ? 2 * ticks + 20 * electionTicks : ticks
    }

    private func readEverywhere(until deadline: Int) throws(Violation) -> Bool {
        for member in participants() {
            var isServed = false
            while !isServed {
                guard now < deadline, let id = try read(at: member) else { return false }
                for _ in 0..<electionTicks where confirmedReads[id] == nil { try advance() }
                isServed = confirmedReads[id] != nil
            }
        }
        return true
    }

    private func isSettledLeader(_ member: Member) -> Bool {
        member.isLeader && member.commit == member.lastIndex && member.configuration.isVoter(member.id)
    }

    /// L1's idle stage and L3: with nothing to do and one follower's link to the leader cut, neither the term
    /// nor the leader may change, and nothing may be left on any counter.
    private func stayCalm() throws(Violation) {
        isIdle = true
        for member in members { member.taken = [] }
        // Proposals of before the healing may still be on their way to the last members, and the removal of the
        // leader may be among them: then another one is elected first.
        let deadline = now + backlogTicks() + 20 * electionTicks
        while now < deadline, !members.contains(where: isSettledLeader) { try advance() }
        for _ in 0..<3 * electionTicks { try advance() }
        guard let leader = members.last(where: \.isLeader) else {
            throw Violation(invariant: "L2", tick: now, detail: "the leader left without a reason")
        }
        let term = leader.term
        if let bytes = leader.process?.core.status.uncommittedBytes, bytes != 0 {
            throw Violation(invariant: "L3", tick: now, detail: "\(bytes) bytes counted uncommitted on an idle leader")
        }
        let configuration = leader.configuration
        let live = configuration.voters.filter { members[$0.slot].isUp && !members[$0.slot].isBroken }
        if let cut = endDraw.pick(live.filter { $0 != leader.id }), live.count - 1 >= configuration.majority {
            reached.note(.idleStageRun)
            for link in network.both(leader.slot, cut.slot) { network.set(link, isCut: true) }
            tracer.note(now, cut.slot, "cut from leader")
        }
        let sentBefore = messagesSent
        // A member that is still catching up, perhaps an entry at a time and some of them twice, is not idle.
        let arrears = members.filter { $0.isUp }.reduce(0) { $0 + max(0, $1.lastIndex.distance(to: leader.lastIndex)) }
        for _ in 0..<15 * electionTicks {
            try advance()
            if leader.isLeader, leader.term == term { continue }
            throw Violation(invariant: "L1", tick: now, detail: "idle with one link cut: leader \(leader.slot) of term \(term) was deposed")
        }
        // L2: per heartbeat a question and an answer for each member, and as much again for those that are cut off.
        let roundsMax = 15 * electionTicks / profile.settings.heartbeatTicks + 15
        let messagesMax = 8 * members.count * roundsMax + 4 * arrears
        if messagesSent - sentBefore > messagesMax {
            throw Violation(invariant: "L2", tick: now, detail: "\(messagesSent - sentBefore) messages of an idle cluster, at most \(messagesMax) expected")
        }
    }
}

extension Array {
    func shuffled(with stream: inout Stream) -> [Element] {
        var copy = self
        for slot in copy.indices.dropLast() { copy.swapAt(slot, stream.int(in: slot...copy.count - 1)) }
        return copy
    }
}
