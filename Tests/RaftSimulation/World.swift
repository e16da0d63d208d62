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
    /// For what goes wrong on the platter.
    var damageDraw: Stream
    /// For directories that are copied and put back.
    var copyDraw: Stream

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
        damageDraw = Stream(seed: seed, purpose: 10)
        copyDraw = Stream(seed: seed, purpose: 11)
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
}
