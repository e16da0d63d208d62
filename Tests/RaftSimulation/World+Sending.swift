import Raft

/// Over the links.
extension World {
    func send(_ message: Message, by member: Member) throws(Violation) {
        guard isHeard(member, by: message.to.slot) else { return }
        try checker.sends(message, by: member, members: members)
        if case .preVoteReply = message.body { reached.note(.preVoteAnswered) }
        transmit(from: member.slot, to: message.to.slot) { .deliver(message, $0) }
    }

    /// Over the link, with all that may happen there. `happening` is given the connection's number.
    func transmit(from: Int, to: Int, _ happening: (Int) -> Happening) {
        messagesSent += 1
        if network.isCut(from: from, to: to) { return }
        let sent = happening(network.connection(from: from, to: to))
        if isHealed { return timeline.add(sent, at: now + networkDraw.int(in: 0...1), now: now) }
        if networkDraw.chance(profile.dropPermille) { return }
        let arrival = max(now + networkDelay(), network.holdEnds(from: from, to: to))
        timeline.add(sent, at: arrival, now: now)
        if networkDraw.chance(profile.duplicatePermille) {
            let delay = networkDraw.int(in: 0...profile.networkDelayMax * 2 + 1)
            timeline.add(sent, at: now + delay, now: now)
        }
    }

    private func networkDelay() -> Int {
        switch profile.delayShape {
        case .constant: profile.networkDelayMax / 2
        case .uniform: networkDraw.int(in: 0...profile.networkDelayMax)
        case .heavyTail: networkDraw.heavyTail(max: profile.networkDelayMax)
        }
    }
}
