/// Remembers tokens whose signature was good, so that the next request with the same bytes needs no
/// public-key operation. It never says yes to a token: it only says that these bytes carried a good
/// signature by that key as stored then.
///
/// Confined to one loop. Bounded in entries and in token bytes; the oldest goes first. Strangers
/// cannot push entries out, because nothing unverified is inserted, nor aim at one: the hash is seeded
/// per process and a hit is confirmed by comparing every byte.
package final class SignatureCache {
    package static let entriesMaxDefault = 4096
    package static let tokenBytesMaxDefault = 4 << 20

    private struct Entry {
        let hash: Int
        let token: [UInt8]
        let verified: VerifiedToken
    }

    private let entriesMax: Int
    private let tokenBytesMax: Int
    /// A ring of at most `entriesMax` entries: `count` of them from `oldest` on, the rest nil.
    private var slots: [Entry?]
    private var oldest = 0
    private var slotByHash: [Int: Int] = [:]
    package private(set) var count = 0
    package private(set) var tokenBytes = 0

    package init(entriesMax: Int = entriesMaxDefault, tokenBytesMax: Int = tokenBytesMaxDefault) {
        precondition(entriesMax > 0 && tokenBytesMax > 0, "a cache of nothing")
        self.entriesMax = entriesMax
        self.tokenBytesMax = tokenBytesMax
        slots = Array(repeating: nil, count: entriesMax)
    }

    /// What was verified for exactly these bytes. The caller must still compare the key's version.
    ///
    /// - Parameter hash: of these bytes, by `hash`.
    func verified(_ token: Span<UInt8>, hash: Int) -> VerifiedToken? {
        guard let slot = slotByHash[hash], let entry = slots[slot] else { return nil }
        return Self.areEqual(entry.token.span, token) ? entry.verified : nil
    }

    func insert(_ token: Span<UInt8>, _ verified: VerifiedToken, hash: Int) {
        guard token.count <= tokenBytesMax else { return }
        let entry = Entry(hash: hash, token: Self.copy(token), verified: verified)
        if let slot = slotByHash[hash], let replaced = slots[slot] {
            tokenBytes += token.count - replaced.token.count
            slots[slot] = entry
        } else {
            if count == entriesMax { evictOldest() }
            let slot = (oldest + count) % entriesMax
            slots[slot] = entry
            slotByHash[hash] = slot
            count += 1
            tokenBytes += token.count
        }
        while tokenBytes > tokenBytesMax { evictOldest() }
    }

    private func evictOldest() {
        guard let entry = slots[oldest] else { preconditionFailure("the ring has a hole") }
        slots[oldest] = nil
        slotByHash[entry.hash] = nil
        oldest = (oldest + 1) % entriesMax
        count -= 1
        tokenBytes -= entry.token.count
    }

    package func verified(_ token: Span<UInt8>) -> VerifiedToken? { verified(token, hash: Self.hash(token)) }

    package func insert(_ token: Span<UInt8>, _ verified: VerifiedToken) { insert(token, verified, hash: Self.hash(token)) }

    /// Of the end, which is the signature's and differs wherever anything does. Tokens that agree there would only take each
    /// other's place.
    static func hash(_ token: Span<UInt8>) -> Int {
        var hasher = Hasher()
        let end = token.extracting(last: hashedBytesMax)
        unsafe end.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    private static let hashedBytesMax = 32

    private static func areEqual(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<first.count { difference |= first[index] ^ second[index] }
        return difference == 0
    }

    private static func copy(_ token: Span<UInt8>) -> [UInt8] {
        unsafe token.withUnsafeBufferPointer { unsafe Array($0) }
    }
}
