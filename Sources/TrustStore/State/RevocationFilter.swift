/// A set of ids that may take others for its own, but never misses one: what it does not have need not be looked for.
/// A look costs one word of memory, where the set itself costs several that are far apart.
///
/// A Bloom filter whose bits of one id all lie in one word. It has 16 to 32 bits for each id, and takes about one in two
/// hundred others for its own when it is full. Bits are only ever set; whoever removes an id lets its bits be.
struct RevocationFilter: Sendable {
    private static let idsPerWord = 4
    private static let wordsCountMin = 8

    /// A power of two of them, or none.
    private var words: [UInt64] = []
    /// How many ids it can still take. When that is none, a larger one must be filled from the ids themselves.
    private(set) var room = 0

    init() {}

    /// - Parameter idsCount: that many it will be filled with, and as many again it has room for.
    init(twice idsCount: Int) {
        var count = Self.wordsCountMin
        while count * Self.idsPerWord < 2 * idsCount { count *= 2 }
        words = Array(repeating: 0, count: count)
        room = count * Self.idsPerWord
    }

    func mayContain(_ hash: UInt64) -> Bool {
        guard !words.isEmpty else { return false }
        let bits = Self.bits(hash)
        return words[place(hash)] & bits == bits
    }

    /// Needs room for an id that it does not take for its own already.
    mutating func insert(_ hash: UInt64) {
        guard !mayContain(hash) else { return }
        precondition(room > 0, "a filter that is full")
        let place = place(hash)
        let bits = Self.bits(hash)
        words[place] |= bits
        room -= 1
    }

    private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash & 0xFFFF_FFFF) & (words.count - 1) }

    /// Four bits, by the upper 24 of the hash; the place in the list of words is by the lower 32.
    private static func bits(_ hash: UInt64) -> UInt64 {
        1 << (hash >> 40 & 63) | 1 << (hash >> 46 & 63) | 1 << (hash >> 52 & 63) | 1 << (hash >> 58)
    }
}
