package import JOSE
package import Raft

/// How often a member's data directory has been started or has lived on, and which run this is
/// (docs/consensus.md §10).
package struct Lineage: Equatable, Sendable {
    /// Grows at every start and once a minute; on disk before it is said.
    package let counter: UInt64
    /// Random, of one run.
    package let nonce: UInt64

    package init(counter: UInt64, nonce: UInt64) {
        self.counter = counter
        self.nonce = nonce
    }
}

/// The newest lineage this member has seen of each other one: who comes with an older one has been restored from
/// an old copy, or runs twice, and has forgotten what it promised since.
package struct PeerLineages: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case accepted
        /// Its directory is older than what it already ran with.
        case rollback
        /// Another run of the very same directory was here.
        case clone
        /// No directory has ever come as far as is said to have been seen: whoever says so has a damaged file, or lies.
        case implausible
    }

    package static let countMax = 1_024
    /// A directory that starts seldom grows by half a million a year.
    package static let growthMax: UInt64 = 1 << 32
    private var seen: [MemberID: Lineage] = [:]

    package init() {}

    /// Whether this is a run that may speak, and remembers it if so. The same run may come again, with a counter
    /// that has grown.
    package mutating func judge(_ lineage: Lineage, of member: MemberID) -> Verdict {
        let verdict = Self.verdict(on: lineage, knowing: seen[member])
        guard verdict == .accepted else { return verdict }
        let newest = max(lineage.counter, seen[member]?.counter ?? 0)
        if seen[member] != nil || seen.count < Self.countMax { seen[member] = Lineage(counter: newest, nonce: lineage.nonce) }
        return .accepted
    }

    /// - Parameter known: the newest that anybody has seen of the same member.
    package static func verdict(on lineage: Lineage, knowing known: Lineage?) -> Verdict {
        guard let known, known.nonce != lineage.nonce, lineage.counter <= known.counter else { return .accepted }
        guard known.counter - lineage.counter <= growthMax else { return .implausible }
        return lineage.counter < known.counter ? .rollback : .clone
    }

    package subscript(member: MemberID) -> Lineage? { seen[member] }

    /// The run that is connected has lived on. True when that was not known.
    package mutating func grew(_ member: MemberID, to counter: UInt64) -> Bool {
        guard let known = seen[member], counter > known.counter else { return false }
        seen[member] = Lineage(counter: counter, nonce: known.nonce)
        return true
    }

    /// Forgets everybody else.
    package mutating func keep(_ isMember: (MemberID) -> Bool) {
        seen = seen.filter { isMember($0.key) }
    }

    package var json: JSON {
        .array(
            seen.sorted { $0.key < $1.key }.map { member, lineage in
                [
                    "member": .string(member.description), "counter": .string(String(lineage.counter)),
                    "nonce": .string(String(lineage.nonce)),
                ]
            })
    }

    package init(_ json: JSON) throws(JSONFieldError) {
        for item in json.arrayValue ?? [] {
            var reader = try JSONObjectReader(item, context: "peers")
            guard let member = MemberID(try reader.string("member")), let counter = UInt64(try reader.string("counter")),
                let nonce = UInt64(try reader.string("nonce"))
            else { throw reader.error("member", "is no lineage") }
            seen[member] = Lineage(counter: counter, nonce: nonce)
        }
    }
}
