import Raft

/// How each member proves to itself that it is current, and the check that nobody accepts what was revoked
/// longer ago than the bound allows (docs/consensus.md §5, C4).
extension World {
    private func reading(of member: Member) -> UInt64 {
        #if CREDENCE_MUTANTS
        if mutant == .freshByWakefulClock { return member.clock.wakefulReading(at: now) }
        #endif
        return member.clock.reading(at: now)
    }

    /// At ten questions per bound, as the shell does.
    func askForFreshness(_ member: Member) throws(Violation) {
        guard profile.revocationPermille > 0, !isIdle else { return }
        let clock = reading(of: member)
        let pause = UInt64(staleness.boundTicks) * MemberClock.nanosecondsPerTick / 10
        if let last = member.freshness.lastAskedAt, clock < last + pause { return }
        member.freshness.expire(at: clock)
        member.freshness.asked(nextRequest + 1, at: clock)
        _ = try read(at: member)
    }

    func confirmFreshness(_ read: ConfirmedRead, at member: Member) {
        guard member.freshness.confirmed(read.id, at: read.index) else { return }
        #if CREDENCE_MUTANTS
        if mutant == .freshOnReceipt { member.freshPoint = reading(of: member) }
        #endif
        advanceFreshness(of: member)
    }

    func advanceFreshness(of member: Member) {
        guard let proof = member.freshness.takeProof(applied: member.applied) else { return }
        member.freshPoint = max(member.freshPoint ?? 0, proof)
    }

    /// A verification on this member, now. Outside the assumed rate error the bound is not promised.
    func verify(at member: Member) throws(Violation) {
        guard profile.revocationPermille > 0, member.isUp, profile.clockErrorPermilleMax <= 1 else { return }
        let isFresh = staleness.bound.isFresh(age: staleness.bound.age(of: member.freshPoint, at: reading(of: member)))
        guard isFresh else {
            if member.freshPoint != nil { reached.note(.refusedAsStale) }
            return
        }
        if member.applied < staleness.newest { reached.note(.acceptedWithinBound) }
        if member.applied < staleness.overdue {
            throw Violation(
                invariant: "C4", tick: now,
                detail: "member \(member.slot) at \(member.applied) accepts what was revoked at \(staleness.overdue), "
                    + "acknowledged more than \(staleness.boundTicks) ticks ago")
        }
    }
}
