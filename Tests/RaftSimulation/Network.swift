import Raft

/// Directed links between members: which are cut, which hold back, and which have lost what was under way.
struct Network {
    private var cut: [Bool]
    private var heldUntil: [Int]
    /// Raised by a reset; a message of an earlier one is lost.
    private var connection: [Int]
    private let count: Int

    init(members: Int) {
        count = members
        cut = [Bool](repeating: false, count: members * members)
        heldUntil = [Int](repeating: 0, count: members * members)
        connection = [Int](repeating: 0, count: members * members)
    }

    func isCut(from sender: Int, to receiver: Int) -> Bool { cut[sender * count + receiver] }

    func holdEnds(from sender: Int, to receiver: Int) -> Int { heldUntil[sender * count + receiver] }

    func connection(from sender: Int, to receiver: Int) -> Int { connection[sender * count + receiver] }

    private func place(_ link: Fault.Link) -> Int? {
        link.from < count && link.to < count ? link.from * count + link.to : nil
    }

    mutating func set(_ link: Fault.Link, isCut: Bool) {
        if let place = place(link) { cut[place] = isCut }
    }

    mutating func hold(_ link: Fault.Link, until tick: Int) {
        if let place = place(link) { heldUntil[place] = tick }
    }

    mutating func reset(_ link: Fault.Link) {
        if let place = place(link) { connection[place] += 1 }
    }

    mutating func heal() {
        for slot in cut.indices {
            cut[slot] = false
            heldUntil[slot] = 0
        }
    }

    // MARK: Shapes of cuts

    private func links(where isCut: (Int, Int) -> Bool) -> [Fault.Link] {
        (0..<count).flatMap { one in
            (0..<count).filter { $0 != one && isCut(one, $0) }.map { Fault.Link(from: one, to: $0) }
        }
    }

    func isolating(_ member: Int) -> [Fault.Link] { links { $0 == member || $1 == member } }

    func splitting(_ isOnLeft: [Bool]) -> [Fault.Link] { links { isOnLeft[$0] != isOnLeft[$1] } }

    /// Two halves that share one member.
    func bridging(_ isOnLeft: [Bool], over shared: Int) -> [Fault.Link] {
        links { $0 != shared && $1 != shared && isOnLeft[$0] != isOnLeft[$1] }
    }

    /// Everybody hears only its neighbours.
    func ring() -> [Fault.Link] { links { ($0 + 1) % count != $1 && ($1 + 1) % count != $0 } }

    func both(_ one: Int, _ other: Int) -> [Fault.Link] { [Fault.Link(from: one, to: other), Fault.Link(from: other, to: one)] }
}
