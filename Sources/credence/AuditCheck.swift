import Cluster
import Crypto
import JOSE

/// What has been found whole so far.
struct AuditCheck: Equatable {
    /// From the entry behind `after` through `end`.
    struct Stretch: Equatable {
        let after: Int64
        var end: Int64
    }

    private(set) var stretches: [Stretch] = []
    private(set) var entryCount: UInt64 = 0
    private(set) var chain: [UInt8] = []
    private var setAsideCount: UInt64 = 0
    private var stateIndex: Int64?
    private var walk: AuditWalk?

    init() {}

    init(_ report: AuditFiles.Report) {
        stretches = report.stretches.map { Stretch(after: Int64(clamping: $0.after), end: Int64(clamping: $0.end)) }
        entryCount = report.entryCount
        chain = report.stretches.isEmpty ? report.stateChain ?? report.chain : report.chain
        setAsideCount = report.setAsideCount
        stateIndex = report.stateIndex.map { Int64(clamping: $0) }
    }

    var index: Int64 { stretches.last?.end ?? -1 }

    /// Where a page or an export says that what follows goes on from.
    mutating func begin(at index: Int64, chain: [UInt8]) throws(AuditFault) {
        if let walk, Int64(clamping: walk.index) == index {
            guard walk.chain == chain else { throw .entry(index: walk.index, what: "its hash is not the one that the entry behind it follows") }
            return
        }
        guard index > self.index else { throw .entry(index: UInt64(max(0, self.index + 1)), what: "the entry is missing") }
        walk = index == 0 ? AuditWalk() : AuditWalk(after: UInt64(index), chain: chain)
        guard walk?.chain == chain else { throw .entry(index: 1, what: "the record does not begin as every record does") }
        stretches.append(Stretch(after: index, end: index))
        self.chain = chain
    }

    mutating func take(_ text: AuditItemText) throws(AuditFault) {
        guard var walk else { throw .entry(index: UInt64(max(0, text.index)), what: "what it follows is not said") }
        try walk.take(
            index: UInt64(max(0, text.index)), term: UInt64(max(0, text.term)), kind: UInt64(max(0, text.kind)), bytes: text.bytes,
            chain: text.chain)
        self.walk = walk
        entryCount += 1
        chain = walk.chain
        stretches[stretches.count - 1].end = text.index
    }

    // MARK: - For people and programs

    var lines: [String] {
        var lines = stretches.map { stretch in
            stretch.after == stretch.end
                ? "nothing behind entry \(stretch.after) yet" : "entries \(stretch.after + 1) to \(stretch.end) are whole"
        }
        if let gap = gaps.first {
            lines.append("entries \(gap.after + 1) to \(gap.end) are not held here: the member was given a snapshot in their place")
        } else if let first = stretches.first, first.after > 0 {
            lines.append("the record begins at entry \(first.after + 1) here: earlier ones are with members that are older, or were given up by --audit-keep")
        }
        if setAsideCount > 0 { lines.append("\(setAsideCount) entries are set aside: they are not of the cluster's history, or were damaged") }
        if stretches.isEmpty, let stateIndex {
            lines.append("no entries here, but a state that was made from those up to \(stateIndex); its rows are whole. Compare the chain with `credence audit list`")
        }
        lines.append("chain \(Hex.encode(chain))")
        return lines
    }

    var json: JSON {
        .object([
            "entries": .integer(Int64(clamping: entryCount)), "chain": .string(Hex.encode(chain)),
            "stretches": .array(stretches.map { ["from_index": .integer($0.after + 1), "index": .integer($0.end)] }),
            "set_aside": .integer(Int64(clamping: setAsideCount)), "state_index": stateIndex.map(JSON.integer) ?? .null,
        ])
    }

    private var gaps: [Stretch] {
        zip(stretches, stretches.dropFirst()).map { Stretch(after: $0.end, end: $1.after) }
    }
}
