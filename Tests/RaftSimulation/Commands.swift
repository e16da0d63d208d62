import Raft

/// The commands of the simulated state machine.
enum SimulatedCommand {
    case write(UInt64)
    case join(slot: Int)
    /// Of a client, with its id; takes effect once.
    case request(UInt64, isRevocation: Bool)

    var payload: [UInt8] {
        switch self {
        case .write(let value): [0] + Self.bytes(value)
        case .request(let id, let isRevocation): [isRevocation ? 3 : 2] + Self.bytes(id)
        case .join(let slot): [1, UInt8(slot)]
        }
    }

    init?(_ payload: [UInt8]) {
        guard let kind = payload.first else { return nil }
        if kind == 1, payload.count == 2 {
            self = .join(slot: Int(payload[1]))
            return
        }
        guard payload.count == 9 else { return nil }
        let value = payload.dropFirst().reversed().reduce(0) { $0 << 8 | UInt64($1) }
        switch kind {
        case 0: self = .write(value)
        case 2, 3: self = .request(value, isRevocation: kind == 3)
        default: return nil
        }
    }

    private static func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
}

extension MemberID {
    init(slot: Int) { self.init(high: 0, low: UInt64(slot) + 1) }
    var slot: Int { Int(low) - 1 }
}

/// FNV-1a with a final mix: enough to tell entries and runs apart.
struct Hash {
    private(set) var value: UInt64

    init(_ seed: UInt64 = 0xcbf2_9ce4_8422_2325) { value = seed }

    mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }

    static func chain(after previous: UInt64, _ entry: Entry) -> UInt64 {
        var hash = Hash(previous ^ 0xcbf2_9ce4_8422_2325)
        hash.mix(entry.term.rawValue)
        hash.mix(entry.index.rawValue)
        hash.mix(UInt64(entry.kind.rawValue))
        for byte in entry.payload { hash.mix(UInt64(byte)) }
        return hash.value | 1
    }
}
