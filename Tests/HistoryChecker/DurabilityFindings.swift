/// What every member holds when all has healed, against all that was acknowledged in the run.
package struct DurabilityFindings: Equatable, Sendable {
    package static let revocationList = "revocations"
    package static let tokenList = "tokens"

    /// Members of which some list could not be read to its end.
    package private(set) var membersUnread: Set<Int>
    package private(set) var revocationsChecked = 0
    package private(set) var revocationsLost = 0
    package private(set) var tokensChecked = 0
    /// Named tokens that are gone and were not deleted, or are there and were.
    package private(set) var tokensWrong = 0
    /// Members whose lists are not those of the first.
    package private(set) var membersThatDiffer: Set<Int> = []

    init(_ calls: [HistoryEvent], revocations: [String: RevocationHistory]) {
        let lists = Self.lists(calls)
        let everybody = Set(calls.compactMap(\.member))
        membersUnread = everybody.filter { member in
            [Self.revocationList, Self.tokenList].contains { lists[$0]?[member] == nil }
        }
        let ends = Self.ends(calls)
        let revoked = Set(revocations.filter { $0.value.acknowledged != nil }.keys.map { Substring($0) })
            .union(ends.gone)  // deleting a token revokes it
        revocationsChecked = revoked.count
        tokensChecked = ends.there.count + ends.gone.count
        for (name, byMember) in lists {
            let first = byMember.min { $0.key < $1.key }?.value
            for (member, list) in byMember {
                if list != first { membersThatDiffer.insert(member) }
                let held = Set(list)
                if name == Self.revocationList { revocationsLost += revoked.subtracting(held).count }
                if name == Self.tokenList { tokensWrong += ends.there.subtracting(held).count + ends.gone.intersection(held).count }
            }
        }
    }

    /// By name and member, all pages together; without those of which a page failed.
    private static func lists(_ calls: [HistoryEvent]) -> [String: [Int: [Substring]]] {
        var lists: [String: [Int: [Substring]]] = [:]
        for page in calls where page.function == .list {
            guard let member = page.member else { continue }
            if page.kind == .ok {
                lists[page.input, default: [:]][member, default: []] += HistoryEvent.words(page.output)
            } else {
                lists[page.input]?[member] = nil
            }
        }
        return lists
    }

    /// Where each named token must be in the end. One whose deletion may have happened is in neither.
    private static func ends(_ calls: [HistoryEvent]) -> (there: Set<Substring>, gone: Set<Substring>) {
        var there: Set<Substring> = [], gone: Set<Substring> = [], open: Set<Substring> = []
        for call in calls {
            switch (call.function, call.kind) {
            case (.name, .ok): there.insert(Substring(call.key))
            case (.delete, .ok): gone.insert(Substring(call.key))
            case (.delete, .info): open.insert(Substring(call.key))
            default: break
            }
        }
        return (there.subtracting(gone).subtracting(open), gone)
    }
}
