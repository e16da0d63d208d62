import Raft

/// Directed links between members: which are cut, and what happens to a message on the others.
struct Network {
    private var cut: [Bool]
    private let count: Int
    var isPerfect = false

    init(members: Int) {
        count = members
        cut = [Bool](repeating: false, count: members * members)
    }

    func isCut(from sender: Int, to receiver: Int) -> Bool { cut[sender * count + receiver] }

    mutating func setCut(from sender: Int, to receiver: Int, _ value: Bool) { cut[sender * count + receiver] = value }

    mutating func cutBothWays(_ one: Int, _ other: Int) {
        setCut(from: one, to: other, true)
        setCut(from: other, to: one, true)
    }

    mutating func heal() {
        for slot in cut.indices { cut[slot] = false }
    }

    mutating func isolate(_ member: Int) {
        for other in 0..<count where other != member { cutBothWays(member, other) }
    }

    mutating func split(_ isOnLeft: [Bool]) {
        for one in 0..<count {
            for other in 0..<count where isOnLeft[one] != isOnLeft[other] { setCut(from: one, to: other, true) }
        }
    }

    /// Two halves that share one member.
    mutating func bridge(_ isOnLeft: [Bool], over shared: Int) {
        for one in 0..<count {
            for other in 0..<count where one != shared && other != shared && isOnLeft[one] != isOnLeft[other] {
                setCut(from: one, to: other, true)
            }
        }
    }
}
