import Raft

/// Deciding what goes wrong, by draws or from a list.
extension World {
    func makeFaults() {
        if faults.isListed { return strikeListed(isAfterWork: false) }
        if faultDraw.chance(profile.partitionPermille) { partition() }
        if faultDraw.chance(profile.crashPermille) { inject(.crash(slot: anySlot(), drawCrash())) }
        if faultDraw.chance(profile.healPermille), let member = faultDraw.pick(healable()) { inject(.heal(slot: member.slot)) }
        if faultDraw.chance(profile.powerLossPermille) {
            reached.note(.powerLost)
            for slot in members.indices { inject(.crash(slot: slot, drawCrash())) }
        }
        if faultDraw.chance(profile.pausePermille), let member = faultDraw.pick(likelyLeaders()) {
            inject(.pause(slot: member.slot, ticks: faultDraw.int(in: 1...4 * electionTicks)))
        }
        if faultDraw.chance(profile.suspendPermille) {
            inject(.suspend(slot: anySlot(), ticks: faultDraw.int(in: 1...10 * electionTicks)))
        }
        if faultDraw.chance(profile.diskStallPermille), let member = faultDraw.pick(likelyLeaders()) {
            inject(.stall(slot: member.slot, ticks: faultDraw.int(in: 1...3 * electionTicks)))
        }
        if faultDraw.chance(profile.slowFilesPermille) {
            // Those that replace their state are who it matters to.
            let member = faultDraw.pick(members.filter(\.isHealing)) ?? members[anySlot()]
            inject(.slowFiles(slot: member.slot, ticks: faultDraw.int(in: 1...6 * electionTicks)))
        }
        if damageDraw.chance(profile.syncFailurePermille) { inject(.syncFails(slot: damageDraw.int(in: 0...members.count - 1), drawSyncFailure())) }
        if copyDraw.chance(profile.copyPermille) { makeCopyFault() }
        if faultDraw.chance(profile.linkFaultPermille), members.count > 1 { makeLinkFault() }
    }

    func strikeListed(isAfterWork: Bool) {
        while let fault = faults.takeDue(at: now, isAfterWork: isAfterWork) { strike(fault) }
    }

    func inject(_ fault: Fault, isAfterWork: Bool = false) {
        faults.record(fault, at: now, isAfterWork: isAfterWork)
        strike(fault)
    }

    private func makeCopyFault() {
        let slot = copyDraw.int(in: 0...members.count - 1)
        let pause = copyDraw.chance(500) ? 3 : 2 * electionTicks
        let crash = Fault.Crash(keptPermille: copyDraw.int(in: 0...1000), downTicks: copyDraw.int(in: 1...pause))
        if members[slot].copy == nil || copyDraw.chance(200) { return inject(.copy(slot: slot, crash)) }
        let back = copyDraw.chance(200) ? nil : copyDraw.int(in: 1...6 * electionTicks)
        inject(.replace(slot: slot, copyDraw.chance(700) ? .copy : .nothing, crash, backAfter: back))
    }

    private func makeLinkFault() {
        let from = anySlot()
        let link = Fault.Link(from: from, to: (from + faultDraw.int(in: 1...members.count - 1)) % members.count)
        switch faultDraw.int(in: 0...2) {
        case 0: inject(.reset(link))
        case 1: inject(.hold(link, ticks: faultDraw.int(in: 1...6 * electionTicks)))
        default: inject(.flap(network.both(link.from, link.to), period: faultDraw.int(in: 1...electionTicks), times: faultDraw.int(in: 2...8)))
        }
    }

    private func anySlot() -> Int { faultDraw.int(in: 0...members.count - 1) }

    func drawCrash() -> Fault.Crash {
        let pause = faultDraw.chance(500) ? 3 : 5 * electionTicks
        var crash = Fault.Crash(keptPermille: faultDraw.int(in: 0...1000), downTicks: faultDraw.int(in: 1...pause))
        if faultDraw.chance(profile.lossPermille) { crash.lossPermille = faultDraw.int(in: 1...1000) }
        addDamage(to: &crash)
        return crash
    }

    private func addDamage(to crash: inout Fault.Crash) {
        if damageDraw.chance(profile.tearPermille) {
            crash.tear = damageDraw.chance(500) ? .beforeMark : .record(keptPermille: damageDraw.int(in: 0...1000))
        }
        if damageDraw.chance(profile.damagePermille) { crash.damagePermille = damageDraw.int(in: 1...1000) }
    }

    /// Nobody knows what of it is on the platter.
    private func drawSyncFailure() -> Fault.Crash {
        var crash = Fault.Crash(keptPermille: damageDraw.int(in: 0...1000), downTicks: damageDraw.int(in: 1...3 * electionTicks))
        addDamage(to: &crash)
        return crash
    }

    /// Leaders are hit as often as everybody else together.
    private func likelyLeaders() -> [Member] {
        let leaders = members.filter(\.isLeader)
        return faultDraw.chance(500) && !leaders.isEmpty ? leaders : members.filter(\.isUp)
    }

    private func partition() {
        let isOnLeft = members.map { _ in faultDraw.chance(500) }
        let links: [Fault.Link]
        switch profile.focus == .fig8 ? 1 : faultDraw.int(in: 0...5) {
        case 0: links = network.splitting(isOnLeft)
        case 1:
            if let member = faultDraw.pick(likelyLeaders()) { isolate(member) }
            return
        case 2: links = network.bridging(isOnLeft, over: anySlot())
        case 3 where profile.usesOneWayCuts:
            links = (0...members.count).map { _ in Fault.Link(from: anySlot(), to: anySlot()) }.filter { $0.from != $0.to }
        case 4 where members.count > 3: links = network.ring()
        default: links = []
        }
        cut(links, ticks: faultDraw.int(in: 1...10 * electionTicks))
    }

    func isolate(_ member: Member, isAfterWork: Bool = false) {
        let doomed = profile.doomedWritesMax > 0 && member.isLeader
            ? Fault.Burst(slot: member.slot, writes: faultDraw.int(in: 1...profile.doomedWritesMax)) : nil
        cut(network.isolating(member.slot), ticks: faultDraw.int(in: 1...5 * electionTicks), doomed: doomed, isAfterWork: isAfterWork)
    }

    private func cut(_ links: [Fault.Link], ticks: Int, doomed: Fault.Burst? = nil, isAfterWork: Bool = false) {
        let fall = faultDraw.chance(profile.leaderCrashAtHealPermille) ? drawCrash() : nil
        inject(.cut(Fault.Cut(links: links, ticks: ticks, leaderFalls: fall, doomed: doomed)), isAfterWork: isAfterWork)
    }
}
