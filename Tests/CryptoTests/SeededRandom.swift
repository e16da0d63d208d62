/// SplitMix64: the same sequence for the same seed, so that a failure can be replayed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: Int) {
        state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One to four changes: a byte replaced, a bit flipped, a piece removed, repeated or cut off.
    mutating func mutation(of bytes: [UInt8]) -> [UInt8] {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !changed.isEmpty {
            let index = Int.random(in: changed.indices, using: &self)
            let end = min(changed.count, index + Int.random(in: 1...8, using: &self))
            switch Int.random(in: 0..<6, using: &self) {
            case 0, 1: changed[index] = UInt8.random(in: .min ... .max, using: &self)
            case 2: changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 3: changed.removeSubrange(index..<end)
            case 4: changed.insert(contentsOf: changed[index..<end], at: index)
            default: changed.removeSubrange(index...)
            }
        }
        return changed
    }
}
