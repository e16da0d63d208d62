/// One stream of pseudo-random numbers. Each concern of a run has its own, so that taking a fault away does
/// not shift everything else (docs/consensus.md §12).
struct Stream {
    private var state: UInt64

    init(seed: UInt64, purpose: UInt64) {
        state = seed &* 0x2545_f491_4f6c_dd1d ^ purpose &* 0x9e37_79b9_7f4a_7c15
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// Uniform in `range`.
    mutating func int(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// True in `permille` of a thousand cases.
    mutating func chance(_ permille: Int) -> Bool {
        permille > 0 && Int(next() % 1000) < permille
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[int(in: 0...elements.count - 1)]
    }

    /// Mostly small, sometimes up to `max`: the shape of real delays.
    mutating func heavyTail(max: Int) -> Int {
        chance(900) ? int(in: 0...min(2, max)) : int(in: 0...max)
    }
}
