import Raft

/// Clients and operators. Work goes to whoever believes to lead, deposed leaders included.
extension World {
    func makeWork() throws(Violation) {
        if workDraw.chance(profile.proposalPermille), let member = workDraw.pick(members.filter(\.isLeader)) {
            for _ in 0..<workDraw.int(in: 1...profile.burstMax) { try write(at: member) }
        }
        // Half of the reads go to whoever believes to lead: a deposed leader is the one that could lie.
        let mayLie = workDraw.chance(500)
        if workDraw.chance(profile.readPermille), let member = workDraw.pick(members.filter { mayLie ? $0.isLeader : $0.isUp }) {
            _ = try read(at: member)
        }
        if workDraw.chance(profile.transferPermille), let member = workDraw.pick(members.filter(\.isLeader)), member.pausedUntil <= now {
            nextRequest += 1
            let target = workDraw.chance(300) ? nil : MemberID(slot: workDraw.int(in: 0...members.count - 1))
            try step(member, .transferLeadership(id: nextRequest, to: target))
        }
        if workDraw.chance(profile.changePermille), let member = workDraw.pick(members.filter(\.isLeader)) {
            try changeMembers(at: member)
        }
    }

    func write(at member: Member) throws(Violation) {
        guard member.pausedUntil <= now else { return }
        nextRequest += 1
        try step(member, .propose(id: nextRequest, payload: SimulatedCommand.write(nextRequest).payload))
    }

    func read(at member: Member) throws(Violation) -> UInt64? {
        guard member.isUp, member.pausedUntil <= now else { return nil }
        nextRequest += 1
        let id = nextRequest
        reads[id] = max(acknowledged, checker.committedIndex)
        try step(member, .readIndex(id: id))
        return id
    }

    private func changeMembers(at leader: Member) throws(Violation) {
        guard leader.pausedUntil <= now else { return }
        let configuration = leader.configuration
        nextRequest += 1
        let target = MemberID(slot: workDraw.int(in: 0...members.count - 1))
        let input: RaftInput
        if configuration.isVoter(target) {
            // Demoted, it stays a learner; it may be the leader itself.
            guard workDraw.chance(400), configuration.voters.count > 1 else { return }
            let rest = Configuration(voters: configuration.voters.filter { $0 != target })
            // Nobody could heal from anybody.
            guard rest.voters.contains(where: { !members[$0.slot].isHealing }) else { return }
            input = .proposeConfiguration(id: nextRequest, rest)
        } else if leader.joined.contains(target) {
            input = .proposeConfiguration(id: nextRequest, Configuration(voters: configuration.voters + [target]))
        } else {
            input = .propose(id: nextRequest, payload: SimulatedCommand.join(slot: target.slot).payload)
        }
        let before = leader.lastIndex
        try step(leader, input)
        guard leader.lastIndex > before, case .proposeConfiguration = input else { return }
        reached.note(configuration.isVoter(target) ? .voterDemoted : .learnerPromoted)
        if workDraw.chance(profile.cutAfterChangePermille), !faults.isListed {
            isolate(leader, isAfterWork: true)
            try strikeCores()
        }
    }
}
