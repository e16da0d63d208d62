import Crypto
import HTTP
import JOSE

/// The audit record of one member, page by page.
struct AuditPages {
    struct Head {
        let index: Int64
        let chain: [UInt8]
    }

    let remote: Remote
    /// What is asked for besides `after`, with an ampersand before each parameter.
    let query: String
    var after: Int64 = 0
    private var isAtEnd = false

    init(remote: Remote, query: String = "") {
        self.remote = remote
        self.query = query
    }

    func head() async throws(CommandFailure) -> Head {
        let head = try await remote.get("/1.0/audit/head")
        guard let index = head["index"]?.integerValue, let chain = head["chain"]?.stringValue.flatMap({ Hex.decode($0) }) else {
            throw Self.strange
        }
        return Head(index: index, chain: chain)
    }

    /// Nil when there are no more.
    mutating func next() async throws(CommandFailure) -> JSON? {
        isAtEnd ? nil : try await waitForMore()
    }

    mutating func waitForMore() async throws(CommandFailure) -> JSON {
        let page = try await remote.get("/1.0/audit?after=\(after)\(query)")
        guard let through = page["through"]?.integerValue, through >= after else { throw Self.strange }
        isAtEnd = page["next_after"]?.integerValue == nil
        after = through
        return page
    }

    static let strange = CommandFailure.refused("the member's answer is no page of an audit record; do the versions differ?")
}
