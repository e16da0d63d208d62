import Foundation
import JOSE

/// Does things to the cluster and undoes them, one after the other, from a seed.
struct FaultInjector {
    let fleet: Fleet
    let trouble: Trouble
    let kinds: [FaultKind]
    /// The member whose directory is a small file system.
    let smallDisk: Int?
    private var random: Randomness

    init(fleet: Fleet, trouble: Trouble, kinds: [FaultKind], smallDisk: Int?, seed: UInt64) {
        self.fleet = fleet
        self.trouble = trouble
        self.kinds = kinds
        self.smallDisk = smallDisk
        random = Randomness(seed: seed)
    }

    private var all: [Int] { Array(fleet.names.indices) }

    /// The leader as often as all others together. Draws the same numbers whether or not somebody leads.
    private mutating func victim() -> Int {
        let prefersLeader = random.below(2) == 0, other = random.below(fleet.names.count)
        return prefersLeader ? fleet.leader(askedOf: all) ?? other : other
    }

    mutating func injectOne() throws {
        switch kinds[random.below(kinds.count)] {
        case .kill: try killSome()
        case .pause: try pause(victim())
        case .partition: try partition()
        case .link: try spoilLink(of: victim())
        case .disk: if let smallDisk { try fillDisk(of: smallDisk) }
        case .clock: try fakeClock(of: victim())
        case .restart: try restart(victim())
        case .transfer: try transfer()
        }
    }

    private func names(_ slots: [Int]) -> String { slots.map { fleet.names[$0] }.joined(separator: " ") }

    /// A fault lasts until those that it touched say that they are ready, and have proved their states current since it
    /// was undone: from then on they are held to it.
    private func during(_ kind: FaultKind, _ what: String, _ members: [Int], _ work: () throws -> Void) throws {
        Report.say(what)
        let fault = trouble.begin(kind, what, members)
        try work()
        let undone = Clock.now()
        for member in members { try fleet.awaitProof(member, since: undone) }
        trouble.end(fault, undone: undone)
    }

    /// One; the majority; or all at once. Without a majority nobody stays fresh, so that touches everybody.
    private mutating func killSome() throws {
        let size = [1, 1, 1, 1, fleet.names.count / 2 + 1, fleet.names.count][random.below(6)]
        let first = victim(), others = all.shuffled(using: &random).filter { $0 != first }
        let chosen = [first] + others.prefix(size - 1)
        let pause = random.between(0.1, 4)
        let touched = size > 1 ? all : chosen
        try during(.kill, "kill -9 \(names(chosen))", touched) {
            for slot in chosen { fleet.end(slot, by: SIGKILL) }
            Clock.pause(seconds: pause)
            for slot in chosen { try fleet.start(slot) }
        }
    }

    private mutating func pause(_ slot: Int) throws {
        let length = random.between(0.1, 8)
        try during(.pause, "pause \(names([slot]))", [slot]) {
            fleet.signal(slot, SIGSTOP)
            Clock.pause(seconds: length)
            fleet.signal(slot, SIGCONT)
        }
    }

    private mutating func partition() throws {
        guard let network = fleet.network else { return }
        let slot = victim(), length = random.between(1, 9)
        let others = all.filter { $0 != slot }
        let shape = random.below(4)
        // A bridge leaves one member that both others reach; one-way cuts may starve anybody.
        let touched = shape == 0 || shape == 1 ? [slot] : all
        try during(.partition, ["isolate", "isolate", "cut one way from", "bridge around"][shape] + " \(names([slot]))", touched) {
            for other in others where shape < 2 {
                try network.cut(from: slot, to: other)
                try network.cut(from: other, to: slot)
            }
            if shape == 2 { for other in others { try network.cut(from: slot, to: other) } }
            if shape == 3, others.count > 1 {
                try network.cut(from: others[0], to: others[1])
                try network.cut(from: others[1], to: others[0])
            }
            Clock.pause(seconds: length)
            for member in all { try network.heal(member) }
        }
    }

    private mutating func spoilLink(of slot: Int) throws {
        guard let network = fleet.network else { return }
        let percent = 1 + random.below(20), isSlow = random.below(2) == 0, length = random.between(2, 8)
        try during(.link, (isSlow ? "slow link of" : "\(percent) % loss at") + " \(names([slot]))", [slot]) {
            if isSlow { try network.slow(slot) } else { try network.lose(percent: percent, at: slot) }
            Clock.pause(seconds: length)
            try network.heal(slot)
        }
    }

    private mutating func fillDisk(of slot: Int) throws {
        let length = random.between(1, 6), path = "\(fleet.data(slot))/filler"
        try during(.disk, "full disk of \(names([slot]))", [slot]) {
            try Shell.run("dd if=/dev/zero of=\(path) bs=64k", checked: false)
            Clock.pause(seconds: length)
            try FileManager.default.removeItem(atPath: path)
            // A disk that failed for good wants a restart; a full one does not.
            Clock.pause(seconds: 2)
            fleet.noteUnexpectedExit(of: slot)
            if !fleet.isRunning(slot) { try fleet.start(slot) }
        }
    }

    /// A member whose wall clock is off, and then right again.
    private mutating func fakeClock(of slot: Int) throws {
        let offset = ["+600s", "-600s", "+3600s", "-3600s"][random.below(4)], length = random.between(2, 6)
        try during(.clock, "clock \(offset) at \(names([slot]))", [slot]) {
            trouble.fakeClock(of: slot, true)
            fleet.end(slot, by: SIGTERM)
            try fleet.start(slot, clockOffset: offset)
            try fleet.awaitReady(slot)
            Clock.pause(seconds: length)
            fleet.end(slot, by: SIGTERM)
            try fleet.start(slot)
            trouble.fakeClock(of: slot, false)
        }
    }

    private mutating func restart(_ slot: Int) throws {
        try during(.restart, "restart \(names([slot]))", [slot]) {
            fleet.end(slot, by: SIGTERM)
            try fleet.start(slot)
        }
    }

    /// Nobody may notice.
    private mutating func transfer() throws {
        let asked = fleet.client(random.below(fleet.names.count))
        try during(.transfer, "transfer", []) {
            _ = asked.call("POST", "/1.0/cluster/leader", .object([:]), seconds: 6)
        }
    }

    /// Whatever is left of any fault.
    func healAll() throws {
        for slot in all {
            fleet.signal(slot, SIGCONT)
            try fleet.network?.heal(slot)
            fleet.noteUnexpectedExit(of: slot)
            if !fleet.isRunning(slot) { try fleet.start(slot) }
        }
        for slot in all { try fleet.awaitReady(slot) }
    }
}
