import HashTreeCollections
import JOSE
import Raft
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

    /// As one `credence revoke tokens` has them applied. A reader keeps the state before each entry, as a request would.
    static func printRevocationTime(revocations: Int) throws {
        let actor = Actor(id: "alice", method: "token", address: "192.0.2.7:4711")
        var state = try TrustState.load(StoreRows())
        var read = state
        var seconds = 0.0
        for first in stride(from: 0, to: revocations, by: RevokeTokens.countMax) {
            let numbers = first..<min(first + RevokeTokens.countMax, revocations)
            let tokens = numbers.map { RevokeTokens.Token(id: Base64URL.encode(SeededBytes.bytes(16, seed: 1 + $0)), expiresAt: 2_000_000_000) }
            let index = LogIndex(UInt64(2 + first))
            let proposal = Proposal(
                requestID: RequestID(high: 1, low: index.rawValue), proposedAfter: LogIndex(index.rawValue - 1), actor: actor,
                body: .revokeTokens(RevokeTokens(tokens, reason: "lost laptop")))
            let command = Command(proposal, stampedAtMilliseconds: 1_800_000_000_000)
            let start = ProcessorTime.seconds
            let next = state.applying(command, at: index).state
            seconds += ProcessorTime.seconds - start
            read = state
            state = next
        }
        precondition(state.revokedTokens.count == revocations && read.revokedTokens.count < revocations, "revocations went missing")
        print(seconds)
    }
}
