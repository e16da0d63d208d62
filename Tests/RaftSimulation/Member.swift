import Raft

/// One simulated member: the shipping core, its disk, and the checker's own picture of what the core holds.
final class Member {
    let id: MemberID
    let slot: Int
    var process: Process?
    var disk = Disk()

    // The core's own statements, read once after each step.
    private(set) var isLeader = false
    private(set) var term = Term.zero
    private(set) var commit = LogIndex.zero
    private(set) var believesConfiguration = Configuration.empty

    /// The log as issued to the disk (chain hashes and terms), independent of what the core believes.
    var chains: [UInt64] = []
    var terms: [Term] = []
    var configurations: [ConfigurationRecord] = []

    var applied = LogIndex.zero
    var applying: [Entry] = []
    /// The applied state.
    var machine = Machine(voters: 0)
    var joined: [MemberID] { machine.joined }
    /// Confirmed, and waiting until the index is applied.
    var waitingReads: [(read: ConfirmedRead, floor: LogIndex)] = []
    /// Of its present reign, if it leads.
    var rounds = RoundWatch()
    var taken: [TakenRequest] = []
    /// The term in which it has appended each request. Only looked up.
    var appended: [UInt64: Term] = [:]
    /// Only used by the mutant that answers so.
    var awaitedByIndex: [LogIndex: UInt64] = [:]
    var freshness = FreshnessTracker()
    var freshPoint: UInt64?

    /// An older state of its directory.
    var copy: Disk?
    struct Replaced {
        /// The directory it should run from; what was promised from there still binds.
        let disk: Disk
        /// When that is put back; never if nil.
        let backAt: Int?
    }
    /// It runs, or would, from a copy or from nothing.
    var replaced: Replaced?
    var isFenced = false

    var isHealing = false
    /// One of the minority that no longer takes part.
    var broken: World.Break?
    var isBroken: Bool { broken != nil }
    /// Work on snapshot files is done in order.
    var shellBusyUntil = 0

    var pausedUntil = 0
    var restartAt: Int?
    var lastCommit = LogIndex.zero
    var lastTerm = Term.zero
    var wasLeader = false
    /// Positions this run has proposed and not yet seen come out.
    var proposed: [LogPosition] = []

    var clock: MemberClock
    /// Of the crash it is down after.
    var lossPermille = 0
    var damagePermille = 0
    /// Steps that sent something, in the tick they are counted for.
    var sendings = 0
    var sendingTick = -1

    init(id: MemberID, slot: Int, clock: MemberClock) {
        self.id = id
        self.slot = slot
        self.clock = clock
    }

    var isUp: Bool { process != nil }

    func step(_ input: RaftInput) -> RaftOutput? {
        guard let process else { return nil }
        let output = process.core.step(input)
        observe(&process.core)
        return output
    }

    /// `inout` only so that nothing is copied.
    private func observe(_ core: inout RaftCore) {
        isLeader = core.isLeader
        term = core.term
        commit = core.commitIndex
        believesConfiguration = core.configuration
    }

    func die() {
        process = nil
        isLeader = false
    }

    func chain(at index: LogIndex) -> UInt64? {
        if index == .zero { return 0 }
        return Int(index.rawValue) <= chains.count ? chains[Int(index.rawValue) - 1] : nil
    }

    func term(at index: LogIndex) -> Term? {
        if index == .zero { return .zero }
        return Int(index.rawValue) <= terms.count ? terms[Int(index.rawValue) - 1] : nil
    }

    var lastIndex: LogIndex { LogIndex(UInt64(chains.count)) }

    /// The rule that the core must follow: the newest configuration in the log, committed or not.
    var configuration: Configuration { configurations.last?.configuration ?? .empty }
}

/// One run of a member, from start to crash. A class, so that reaching the core never copies it.
final class Process {
    var core: RaftCore

    init(_ core: RaftCore) { self.core = core }
}
