import Foundation

/// A network of its own for the members: one namespace each, joined by a bridge in another. Nothing of the machine's
/// own network is touched, and all of it goes at the end.
struct TestNetwork {
    let prefix: String
    let count: Int

    private var hub: String { "\(prefix)hub" }
    func namespace(_ slot: Int) -> String { "\(prefix)m\(slot)" }
    func address(_ slot: Int) -> String { "10.77.0.\(slot + 1)" }

    init(count: Int) throws {
        prefix = "cr\(getpid() % 100_000)"
        self.count = count
        do {
            try Shell.run("ip netns add \(hub)")
            try Shell.run("ip -n \(hub) link add br0 type bridge")
            try Shell.run("ip -n \(hub) link set br0 up")
            for slot in 0..<count { try addMember(slot) }
        } catch {
            remove()
            throw error
        }
    }

    private func addMember(_ slot: Int) throws {
        let space = namespace(slot)
        try Shell.run("ip netns add \(space)")
        try Shell.run("ip -n \(space) link set lo up")
        try Shell.run("ip -n \(hub) link add p\(slot) type veth peer name eth0 netns \(space)")
        try Shell.run("ip -n \(hub) link set p\(slot) master br0 up")
        try Shell.run("ip -n \(space) addr add \(address(slot))/24 dev eth0")
        try Shell.run("ip -n \(space) link set eth0 up")
        try inside(slot, "nft add table inet chaos")
        try Shell.run(["ip", "netns", "exec", space, "nft", "add chain inet chaos in { type filter hook input priority 0 ; }"])
    }

    private func inside(_ slot: Int, _ line: String) throws { try Shell.run("ip netns exec \(namespace(slot)) \(line)") }

    private func rule(_ slot: Int, _ text: String) throws {
        try Shell.run(["ip", "netns", "exec", namespace(slot), "nft", "add rule inet chaos in \(text)"])
    }

    /// What `from` sends no longer reaches `to`.
    func cut(from: Int, to: Int) throws { try rule(to, "ip saddr \(address(from)) drop") }

    func lose(percent: Int, at slot: Int) throws { try rule(slot, "iifname eth0 numgen random mod 100 < \(percent) drop") }

    /// Everything it sends goes through a slow link with a long queue.
    func slow(_ slot: Int) throws {
        try inside(slot, "tc qdisc replace dev eth0 root tbf rate 400kbit burst 8kb latency 300ms")
    }

    /// Everything it is sent goes through a link of this rate; 0 takes the limit away.
    func limit(to slot: Int, kilobitsPerSecond rate: Int) throws {
        let device = "dev p\(slot) root", discipline = "ip netns exec \(hub) tc qdisc"
        if rate > 0 {
            try Shell.run("\(discipline) replace \(device) tbf rate \(rate)kbit burst 64kb latency 400ms")
        } else {
            try Shell.run("\(discipline) del \(device)", checked: false)
        }
    }

    func heal(_ slot: Int) throws {
        try inside(slot, "nft flush chain inet chaos in")
        try Shell.run("ip netns exec \(namespace(slot)) tc qdisc del dev eth0 root", checked: false)
    }

    /// By their exact names: another run's may begin with ours.
    func remove() {
        for space in (0..<count).map(namespace) + [hub] { _ = try? Shell.run("ip netns del \(space)", checked: false) }
    }
}
