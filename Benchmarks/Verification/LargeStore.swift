import HashTreeCollections
import TrustStore

/// What many revocations take: of memory, and of time when a member starts.
enum LargeStore {
    static func printMemory(revocations: Int) throws {
        // What the first rows of all bring along for good is not theirs.
        let small = try TrustState.load(StoreRows(revocations: 1_000))
        let before = try ResidentMemory.bytes()
        let large = try TrustState.load(StoreRows(revocations: revocations))
        let after = try ResidentMemory.bytes()
        precondition(small.revokedTokens.count == 1_000 && large.revokedTokens.count == revocations, "rows went missing")
        print((after - before) / revocations)
    }

    static func printLoadTime(revocations: Int) throws {
        let rows = Array(StoreRows(revocations: revocations))
        let start = ProcessorTime.seconds
        let state = try TrustState.load(rows)
        let end = ProcessorTime.seconds
        precondition(state.revokedTokens.count == revocations, "rows went missing")
        print(end - start)
    }
}
