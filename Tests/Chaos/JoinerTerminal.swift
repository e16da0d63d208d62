import Foundation

/// How far a joiner said its snapshot is.
struct TransferProgress: Equatable, CustomStringConvertible {
    let percent: Int
    let bytes: Int
    let index: Int

    var description: String { "\(percent) % (byte \(bytes) of snapshot \(index))" }

    /// From a line of a member's log.
    init?(_ line: Substring) {
        guard let start = line.range(of: "receiving a snapshot: "), let percent = Int(line[start.upperBound...].prefix { $0.isNumber }),
            let bytes = Self.number("bytes", in: line), let index = Self.number("index", in: line)
        else { return nil }
        (self.percent, self.bytes, self.index) = (percent, bytes, index)
    }

    private static func number(_ name: String, in line: Substring) -> Int? {
        line.range(of: " \(name)=").flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
    }
}

/// A joiner's terminal, read as it is written, and what it says about its snapshot shown.
struct JoinerTerminal {
    let path: String
    let name: String
    private var read = 0

    init(path: String, name: String) {
        self.path = path
        self.name = name
    }

    /// What it said since it was last asked.
    @discardableResult
    mutating func showNews() -> [TransferProgress] {
        guard let data = FileManager.default.contents(atPath: path), let end = data[read...].lastIndex(of: UInt8(ascii: "\n"))
        else { return [] }
        let lines = String(decoding: data[read...end], as: UTF8.self).split(separator: "\n")
        read = end + 1
        for line in lines where line.contains("snapshot") { Report.say("\(name) says: \(line)") }
        return lines.compactMap(TransferProgress.init)
    }

    /// The first progress from now on that is `wanted`.
    mutating func awaitProgress(seconds: Double, _ wanted: (TransferProgress) -> Bool) throws -> TransferProgress {
        let deadline = Clock.now() + UInt64(seconds * 1e9)
        while Clock.now() < deadline {
            if let found = showNews().last(where: wanted) { return found }
            Clock.pause(seconds: 0.02)
        }
        throw ChaosError(description: "\(name) did not say how far it is within \(Int(seconds)) s; see \(path)")
    }
}
