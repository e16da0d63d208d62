import Raft

/// Time, and what happens in it.
extension World {
    /// One tick of the world.
    func advance() throws(Violation) {
        try drain()  // what clients and faults caused between two ticks
        now += 1
        staleness.advance(to: now)
        if !isIdle { try runClients() }
        try answerLater()
        tendDirectories()
        for member in members {
            if let at = member.restartAt, at <= now, !member.isUp {
                loseEntries(of: member)
                damageRecord(of: member)
                try start(member)
            }
            guard member.isUp, member.pausedUntil <= now else { continue }
            // Questions may wait for a sleeper; it hears them before it hears what happened meanwhile.
            if member.pausedUntil == now, profile.focus == .reads { _ = try read(at: member) }
            try verify(at: member)
            try askForFreshness(member)
            // A clock that runs fast or slow by a tick now and then.
            var ticks = isHealed ? 1 : member.clock.ticks()
            if timerDraw.chance(isHealed ? 0 : profile.clockSkewPermille) { ticks = timerDraw.chance(500) ? 0 : ticks + 1 }
            for _ in 0..<ticks { try step(member, .tick) }
        }
        try drain()
    }

    /// What happens at once may cause more at the same tick.
    private func drain() throws(Violation) {
        while true {
            let happenings = timeline.take(at: now)
            if happenings.isEmpty { return }
            for happening in happenings { try happen(happening) }
        }
    }

    private func happen(_ happening: Happening) throws(Violation) {
        switch happening {
        case .deliver(let message, let connection):
            let member = members[message.to.slot]
            guard connection == network.connection(from: message.from.slot, to: message.to.slot) else { return }
            if postponed(happening, for: member) { return }
            try step(member, .received(message))
        case .shell(let message, let connection):
            guard connection == network.connection(from: message.from, to: message.to) else { return }
            if postponed(happening, for: members[message.to]) { return }
            try receive(message)
        case .diskDone(let slot, let run):
            let member = members[slot]
            guard runs[slot] == run, !postponed(happening, for: member) else { return }
            if let operation = completeWrite(of: member) { try step(member, .persisted(upTo: operation)) }
            if member.disk.isDamaged, member.process?.core.isRecovering == false { member.disk.repaired() }
        case .applyDone(let slot, let run):
            let member = members[slot]
            guard runs[slot] == run, !postponed(happening, for: member) else { return }
            try apply(member)
        case .loadDone(let slot, let run, let request):
            let member = members[slot]
            guard runs[slot] == run, !postponed(happening, for: member) else { return }
            try load(request, for: member)
        case .snapshotWork(let slot, let run, let work):
            let member = members[slot]
            guard runs[slot] == run, !postponed(happening, for: member) else { return }
            try perform(work, at: member)
        case .heal(let leaderFalls): healPartition(leaderFalls)
        case .setLinks(let links, let isCut):
            guard !isHealed else { return }
            for link in links { network.set(link, isCut: isCut) }
        }
    }

    /// What reaches a paused member waits until it goes on.
    private func postponed(_ happening: Happening, for member: Member) -> Bool {
        guard member.pausedUntil > now else { return false }
        timeline.add(happening, at: member.pausedUntil, now: now)
        return true
    }
}
