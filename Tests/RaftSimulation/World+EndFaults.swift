import Raft

/// A minority stays broken at the end: the rest, fully connected and a majority, must serve (docs/consensus.md §12).
extension World {
    enum Break: CaseIterable { case down, deaf, mute, oneNeighbour, stuckDisk }

    func breakMinority() -> Bool {
        guard let leader = members.last(where: \.isLeader) else { return false }
        let configuration = leader.configuration
        let whole = configuration.voters.filter { !members[$0.slot].isBroken && members[$0.slot].replaced == nil }
        let spare = whole.count - configuration.majority
        guard spare > 0 else { return false }
        var voters = whole.shuffled(with: &endDraw)
        if endDraw.chance(500), let place = voters.firstIndex(of: leader.id) { voters.swapAt(0, place) }
        let broken = voters.prefix(endDraw.int(in: 1...spare)).map { members[$0.slot] }
        for member in broken { member.broken = drawBreak() }
        // A leader that can no longer write is the one that must go.
        if endDraw.chance(500), leader.isBroken { leader.broken = .stuckDisk }
        for member in broken { if let kind = member.broken { apply(kind, to: member) } }
        return true
    }

    private func drawBreak() -> Break {
        switch profile.faultsAtTheEnd {
        case .none, .down: .down
        case .cutOff: [.deaf, .mute, .oneNeighbour, .stuckDisk][endDraw.int(in: 0...3)]
        case .mixed: Break.allCases[endDraw.int(in: 0...4)]
        }
    }

    private func apply(_ kind: Break, to member: Member) {
        tracer.note(now, member.slot, "stays broken: ", "\(kind)")
        let others = members.filter { $0.slot != member.slot }
        switch kind {
        case .down:
            crash(member, Fault.Crash(keptPermille: 1000, downTicks: 0))
            member.restartAt = nil
            reached.note(.leftDown)
        case .stuckDisk:
            member.disk.isStuck = true
            reached.note(.leftWithStuckDisk)
        case .deaf:
            for other in others { network.set(Fault.Link(from: other.slot, to: member.slot), isCut: true) }
            reached.note(.leftDeaf)
        case .mute:
            for other in others { network.set(Fault.Link(from: member.slot, to: other.slot), isCut: true) }
            reached.note(.leftMute)
        case .oneNeighbour:
            let neighbour = endDraw.pick(others.filter { !$0.isBroken })
            for other in others where other.slot != neighbour?.slot {
                for link in network.both(member.slot, other.slot) { network.set(link, isCut: true) }
            }
            reached.note(.leftWithOneNeighbour)
        }
    }

    /// A broken member that still hears a majority through its one neighbour may lead, for good: its neighbour is
    /// loyal to it, and who does not hear it cannot be elected. That is no failure of the rules, so it is no violation.
    var isServedFromOutside: Bool {
        guard let leader = members.filter(\.isLeader).max(by: { $0.term < $1.term }) else { return false }
        return leader.isUp && leader.broken == .oneNeighbour
    }
}
