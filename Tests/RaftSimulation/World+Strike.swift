import Raft

/// Carrying a fault out.
extension World {
    func strike(_ fault: Fault) {
        tracer.note(now, 0, "fault: ", fault)
        switch fault {
        case .crash(let slot, let crash): if let member = member(slot) { self.crash(member, crash) }
        case .midStepDeath: break  // at the step it names
        case .pause(let slot, let ticks): member(slot)?.pausedUntil = now + ticks
        case .suspend(let slot, let ticks):
            guard let member = member(slot), member.isUp else { return }
            reached.note(.suspended)
            member.pausedUntil = now + ticks
            member.clock.sleep(ticks)
        case .stall(let slot, let ticks):
            guard let member = member(slot) else { return }
            member.disk.busyUntil = max(now + ticks, member.disk.busyUntil)
            member.shellBusyUntil = max(now + ticks, member.shellBusyUntil)
        case .slowFiles(let slot, let ticks):
            guard let member = member(slot) else { return }
            member.shellBusyUntil = max(now + ticks, member.shellBusyUntil)
        case .syncFails(let slot, let crash): member(slot)?.disk.syncFailure = crash
        case .copy(let slot, let crash): if let member = member(slot) { copyDirectory(of: member, crash) }
        case .replace(let slot, let substitute, let crash, let backAfter):
            if let member = member(slot) { replaceDirectory(of: member, by: substitute, crash, backAfter: backAfter) }
        case .heal(let slot): if let member = member(slot) { pendingHeals.append(member.slot) }
        default: strikeLinks(fault)
        }
    }

    private func strikeLinks(_ fault: Fault) {
        switch fault {
        case .cut(let cut): apply(cut)
        case .flap(let links, let period, let times):
            reached.note(.linkFlapped)
            for turn in 0..<2 * times {
                timeline.add(.setLinks(links, isCut: turn % 2 == 0), at: now + turn * period, now: now)
            }
        case .reset(let link):
            reached.note(.connectionReset)
            network.reset(link)
        case .hold(let link, let ticks):
            reached.note(.linkHeld)
            network.hold(link, until: now + ticks)
        default: break
        }
    }

    private func apply(_ cut: Fault.Cut) {
        network.heal()
        for link in cut.links { network.set(link, isCut: true) }
        guard !cut.links.isEmpty else { return }
        timeline.add(.heal(cut.leaderFalls), at: now + cut.ticks, now: now)
        if let burst = cut.doomed, let member = member(burst.slot), member.isLeader { pendingBursts.append(burst) }
    }

    private func member(_ slot: Int) -> Member? { slot < members.count ? members[slot] : nil }

    /// What a fault makes happen inside a core, at once.
    func strikeCores() throws(Violation) {
        while let burst = pendingBursts.popLast() {
            for _ in 0..<burst.writes { try write(at: members[burst.slot]) }
        }
        while let slot = pendingHeals.popLast() { try healByOrder(members[slot]) }
    }

    func crash(_ member: Member, _ crash: Fault.Crash) {
        guard member.isUp else { return }
        if member.disk.queue.contains(where: { $0.operation.hardState != nil }) { reached.note(.votePendingAtCrash) }
        let kept = member.disk.queue.count * crash.keptPermille / 1000
        if cutPower(of: member, keeping: kept, tear: crash.tear) > 0 { reached.note(.suffixLostInCrash) }
        if member.isLeader { reached.note(.leaderCrashed) }
        member.die()
        member.pausedUntil = 0
        runs[member.slot] += 1
        member.restartAt = isBound(member) ? now + crash.downTicks : nil
        member.lossPermille = crash.lossPermille
        member.damagePermille = crash.damagePermille
    }

    func healPartition(_ leaderFalls: Fault.Crash?) {
        guard !isHealed else { return }
        network.heal()
        guard let leaderFalls else { return }
        // The newest leader: the one whose log is the right one.
        if let leader = members.filter(\.isLeader).max(by: { $0.term < $1.term }) { crash(leader, leaderFalls) }
    }

    /// Whether this step of the member is its last, and how much of its messages still leaves.
    func midStepDeath(of member: Member) -> (sentPermille: Int, crash: Fault.Crash)? {
        guard !isHealed else { return nil }
        if member.sendingTick != now { (member.sendingTick, member.sendings) = (now, 0) }
        member.sendings += 1
        if faults.isListed {
            guard case .midStepDeath(_, _, let sent, let crash) = faults.takeDeath(of: member.slot, at: now, sending: member.sendings) else { return nil }
            return (sent, crash)
        }
        guard faultDraw.chance(profile.midStepCrashPermille), faultDraw.chance(200) else { return nil }
        let sent = faultDraw.int(in: 0...1000)
        let crash = drawCrash()
        faults.record(.midStepDeath(slot: member.slot, sending: member.sendings, sentPermille: sent, crash), at: now, isAfterWork: false)
        return (sent, crash)
    }
}
