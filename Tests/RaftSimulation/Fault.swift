/// One thing that goes wrong, with everything about it decided, so that it can be recorded, left out and replayed.
/// Fractions are in a thousandth of what there is at the time: a list that was cut down meets other circumstances.
enum Fault: Equatable, Sendable {
    struct Crash: Equatable, Sendable {
        /// How many of the writes under way still reach the platter.
        var keptPermille: Int
        var downTicks: Int
        /// How many of the acknowledged, unapplied entries the disk loses; 0 for none.
        var lossPermille = 0
        /// What becomes of the write at which the power goes.
        var tear: Tear?
        /// Where in the log a record goes bad while the member is down; 0 for nowhere.
        var damagePermille = 0
    }

    enum Tear: Equatable, Sendable {
        /// All that is kept was written as one, and its mark was not.
        case beforeMark
        /// So many of the next write's entries are whole; the one after them is torn.
        case record(keptPermille: Int)
    }

    enum Substitute: Equatable, Sendable { case copy, nothing }

    struct Link: Equatable, Sendable { let from: Int, to: Int }

    /// How links are cut. A cut replaces the former one.
    struct Cut: Equatable, Sendable {
        var links: [Link]
        var ticks: Int
        /// The newest leader dies just as the links come back: its successor is chosen among unequal logs.
        var leaderFalls: Crash?
        /// Writes given to this member, if it leads, right after: a tail that must not win.
        var doomed: Burst?
    }

    struct Burst: Equatable, Sendable { let slot: Int, writes: Int }

    case crash(slot: Int, Crash)
    /// Dies in the middle of carrying out its `sending`-th step of the tick that sends anything.
    case midStepDeath(slot: Int, sending: Int, sentPermille: Int, Crash)
    case pause(slot: Int, ticks: Int)
    case cut(Cut)
    /// The links go and come, a few ticks each.
    case flap([Link], period: Int, times: Int)
    /// What is under way on the link is lost, as with a connection that is reset.
    case reset(Link)
    /// What is sent on the link arrives at the end, across restarts and changes of leader.
    case hold(Link, ticks: Int)
    case stall(slot: Int, ticks: Int)
    /// Work on snapshot files alone takes at least so long: the log goes on.
    case slowFiles(slot: Int, ticks: Int)
    /// The next sync of its log fails: it may never acknowledge again, and is started anew.
    case syncFails(slot: Int, Crash)
    /// The member is stopped and started again, and its directory copied in between.
    case copy(slot: Int, Crash)
    /// The member ends and is started from the copy, or its directory is emptied. The right one may come back.
    case replace(slot: Int, Substitute, Crash, backAfter: Int?)
    case heal(slot: Int)
    /// The whole machine sleeps; of its clocks only the one that counts suspension goes on.
    case suspend(slot: Int, ticks: Int)
}

/// A fault and when it struck. Its number is its place in the list of the whole run.
struct FaultEvent: Equatable, Sendable, CustomStringConvertible {
    let number: Int
    let tick: Int
    /// It followed the work of its tick, as a cut right after a change of voters does.
    let isAfterWork: Bool
    let fault: Fault

    var description: String { "\(number) at \(tick): \(fault)" }
}

extension Fault.Crash: CustomStringConvertible {
    var description: String {
        let loss = lossPermille > 0 ? ", losing \(lossPermille)‰ of its unapplied entries" : ""
        let damage = damagePermille > 0 ? ", with a bad record at \(damagePermille)‰ of its log" : ""
        let torn = switch tear {
        case nil: ""
        case .beforeMark: " unmarked"
        case .record(let kept): " and \(kept)‰ of the next, torn"
        }
        return "keeping \(keptPermille)‰ of its writes under way\(torn), down for \(downTicks)\(loss)\(damage)"
    }
}

extension Fault.Link: CustomStringConvertible {
    var description: String { "\(from)->\(to)" }
}

extension Fault: CustomStringConvertible {
    var description: String {
        switch self {
        case .crash(let slot, let crash): return "member \(slot) crashes, \(crash)"
        case .midStepDeath(let slot, _, let sent, let crash):
            return "member \(slot) dies having sent \(sent)‰ of a step's messages, \(crash)"
        case .pause(let slot, let ticks): return "member \(slot) pauses for \(ticks)"
        case .cut(let cut):
            if cut.links.isEmpty { return "all links work" }
            let fall = cut.leaderFalls.map { ", then the newest leader crashes, \($0)" } ?? ""
            let doomed = cut.doomed.map { ", \($0.writes) writes at member \($0.slot)" } ?? ""
            return "links cut for \(cut.ticks): \(Self.text(cut.links))\(doomed)\(fall)"
        case .flap(let links, let period, let times): return "links flap \(times) times every \(period): \(Self.text(links))"
        case .reset(let link): return "link \(link) loses what is under way"
        case .hold(let link, let ticks): return "link \(link) holds everything back for \(ticks)"
        case .stall(let slot, let ticks): return "member \(slot)'s disk stalls for \(ticks)"
        case .slowFiles(let slot, let ticks): return "member \(slot)'s snapshot files take at least \(ticks)"
        case .syncFails(let slot, let crash): return "member \(slot)'s next sync fails, \(crash)"
        case .copy(let slot, let crash): return "member \(slot)'s directory is copied, \(crash)"
        case .replace(let slot, let substitute, let crash, let backAfter):
            let back = backAfter.map { "for \($0)" } ?? "for good"
            return "member \(slot)'s directory is replaced by \(substitute == .copy ? "the copy" : "nothing") \(back), \(crash)"
        case .heal(let slot): return "member \(slot) is told to heal"
        case .suspend(let slot, let ticks): return "member \(slot)'s machine sleeps for \(ticks)"
        }
    }

    private static func text(_ links: [Link]) -> String { links.map(\.description).joined(separator: " ") }
}
