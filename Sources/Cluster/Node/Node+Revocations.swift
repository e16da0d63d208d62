import EventLoop
import HashTreeCollections
import TrustStore

/// When the leader looks for revocations of tokens that are over. Looking through millions takes long, so it happens seldom
/// and off the loop.
struct RevocationsSearch {
    static let period: Duration = .seconds(600)
    /// Found at a time; what is beyond that is found the next time.
    static let foundMax = 100_000

    private var lastAt: MonotonicInstant?
    private(set) var isUnderWay = false

    mutating func begin(now: MonotonicInstant) -> Bool {
        guard !isUnderWay, lastAt.map({ now - $0 >= Self.period }) ?? true else { return false }
        lastAt = now
        isUnderWay = true
        return true
    }

    mutating func end() { isUnderWay = false }
}

extension Node {
    /// One entry at a time, so that changes of others find room between.
    func forgetEndedRevocations(now: MonotonicInstant) {
        if !housekeeping.endedRevocations.isEmpty {
            guard housekeeping.begin("forget revocations", now: now) else { return }
            let some = Array(housekeeping.endedRevocations.prefix(RevokeTokens.countMax))
            housekeeping.endedRevocations.removeFirst(some.count)
            housekeeping.proposedAt["forget revocations"] = nil
            proposeAsLeader(.forgetRevocations(tokenIDs: some))
        } else if !state.revokedTokens.isEmpty, housekeeping.revocationsSearch.begin(now: now) {
            Task { [weak self] in await self?.findEndedRevocations() }
        }
    }

    private func findEndedRevocations() async {
        let revoked = state.revokedTokens
        let limit = state.appliedAtMilliseconds / 1_000 - TrustState.endedSecondsMin
        housekeeping.endedRevocations = (try? await loop.runBlocking { revoked.ended(before: limit, max: RevocationsSearch.foundMax) }) ?? []
        housekeeping.revocationsSearch.end()
    }
}
