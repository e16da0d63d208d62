import Raft

/// A whole cluster in one thread: the shipping core under a fake network, fake disks and fake time, with
/// every invariant checked after every event.
final class World {
    let seed: UInt64
    let profile: Profile
    let mutant: Mutant?
    let tracer: Tracer

    var now = 0
    var members: [Member] = []
    var network: Network
    var timeline = Timeline()
    let checker = Checker()
    var reached = Reached()
    var steps = 0
    var messagesSent = 0
    /// Runs of each member so far; what was under way in an earlier one is void.
    var runs: [Int] = []

    var networkDraw: Stream
    var diskDraw: Stream
    var faultDraw: Stream
    var workDraw: Stream
    var timerDraw: Stream
    /// For what goes wrong after the faults have ended.
    var endDraw: Stream
    var clientDraw: Stream

    var faults: FaultPlan
    var pendingBursts: [Fault.Burst] = []
    var pendingHeals: [Int] = []

    var nextRequest: UInt64 = 1
    /// Reads under way: the index that each must cover. Only looked up.
    var reads: [UInt64: LogIndex] = [:]
    var confirmedReads: [UInt64: Int] = [:]
    var clients: [ClientRequest] = []
    var answeredLater: [(id: UInt64, slot: Int)] = []
    var staleness: Staleness
    var isHealed = false
    /// Nobody asks for anything any more.
    var isIdle = false
    /// The highest index a client has been told of.
    var acknowledged = LogIndex.zero

    /// `faults`, if given, are all the faults there are; otherwise they are drawn.
    init(
        seed: UInt64, mutant: Mutant?, traces: Bool = false, restriction: Restriction = .none, faults listed: [FaultEvent]? = nil
    ) {
        self.seed = seed
        self.mutant = mutant
        tracer = Tracer(prints: traces)
        var profile = Profile(seed: seed)
        profile.restrict(restriction)
        self.profile = profile
        faults = FaultPlan(listed: listed)
        let count = profile.voters + profile.spares
        network = Network(members: count)
        runs = [Int](repeating: 0, count: count)
        networkDraw = Stream(seed: seed, purpose: 2)
        diskDraw = Stream(seed: seed, purpose: 3)
        faultDraw = Stream(seed: seed, purpose: 4)
        workDraw = Stream(seed: seed, purpose: 5)
        timerDraw = Stream(seed: seed, purpose: 6)
        endDraw = Stream(seed: seed, purpose: 7)
        clientDraw = Stream(seed: seed, purpose: 8)
        staleness = Staleness(boundTicks: profile.stalenessBoundTicks)
        found(count)
    }

    /// All voters start with the founding configuration; spares with nothing.
    private func found(_ count: Int) {
        let voters = (0..<profile.voters).map { MemberID(slot: $0) }
        let first = Entry(
            index: LogIndex(1), term: Term(1), kind: .configuration, payload: Configuration(voters: voters).encoded())
        let chain = Hash.chain(after: 0, first)
        checker.found(first, chain: chain)
        checker.configurations = [ConfigurationRecord(index: first.index, configuration: Configuration(voters: voters))]
        for slot in 0..<count {
            let member = Member(id: MemberID(slot: slot), slot: slot, clock: drawClock())
            if slot < profile.voters { member.disk.found(first, chain: chain) }
            members.append(member)
        }
    }

    var electionTicks: Int { profile.settings.electionTicks }

    func outcome() -> Violation? {
        do throws(Violation) { try run() } catch { return error }
        return nil
    }

    private func drawClock() -> MemberClock {
        let most = profile.clockErrorPermilleMax
        return MemberClock(errorPerMillion: most == 0 ? 0 : timerDraw.int(in: 0...2000 * most) - 1000 * most)
    }

    /// Runs the whole seed: faults, healing, idling.
    func run() throws(Violation) {
        do throws(Violation) {
            for member in members { try start(member) }
            while now < profile.faultTicks {
                makeFaults()
                try strikeCores()
                try makeWork()
                if faults.isListed { strikeListed(isAfterWork: true) }
                try strikeCores()
                try advance()
            }
            try checkLiveness()
        } catch {
            throw Violation(invariant: error.invariant, tick: now, detail: error.detail)
        }
    }

    /// One tick of the world.
    func advance() throws(Violation) {
        try drain()  // what clients and faults caused between two ticks
        now += 1
        staleness.advance(to: now)
        if !isIdle { try runClients() }
        try answerLater()
        for member in members {
            if let at = member.restartAt, at <= now, !member.isUp {
                loseEntries(of: member)
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
            if let operation = member.disk.completeOne() { try step(member, .persisted(upTo: operation)) }
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
