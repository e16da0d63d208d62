import JOSE

/// What members answer about one and the same state: about tokens, and with stretches of the list of revocations.
struct AnswerComparison {
    private static let pageSize = 1000
    /// Each page has its member sort the whole list, so with a million there are not many.
    private static let pagesMax = 8

    private(set) var pages = 0
    private(set) var listed = 0
    private(set) var differences: [String] = []

    /// - Parameter tokens: revoked, all of them.
    /// - Parameter positions: ids of revocations, of which pages begin behind some.
    init(_ fleet: Fleet, tokens: [TrackedToken], positions: [String]) throws {
        for slot in fleet.names.indices {
            let client = fleet.client(slot)
            for token in tokens {
                let verdict = client.verdict(on: token)
                guard verdict != "token_revoked" else { continue }
                differences.append("\(fleet.names[slot]) says of the revoked token \(token.id): \(verdict)")
            }
        }
        let step = max(1, positions.count / Self.pagesMax)
        for position in stride(from: 0, to: positions.count, by: step) {
            let path = "/1.0/revocations?limit=\(Self.pageSize)&after=\(positions[position])"
            let answers = fleet.names.indices.map { fleet.client($0).call("GET", path, seconds: 60)?.metadata.arrayValue }
            pages += 1
            listed += answers[0]?.count ?? 0
            for (slot, answer) in answers.enumerated() where answer == nil || answer != answers[0] {
                differences.append("\(fleet.names[slot])'s list behind \(positions[position]) is not that of \(fleet.names[0])")
            }
        }
    }
}
