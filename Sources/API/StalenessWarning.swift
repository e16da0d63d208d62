import Cluster
import HTTPTypes

/// What an answer carries that a member gave from knowledge older than `max_staleness`, as the policy `serve` lets it.
struct StalenessWarning {
    private let ageMilliseconds: Int64

    /// Nil for a member that is fresh, and for one that does not vouch.
    init?(_ freshness: Freshness) {
        guard !freshness.isFresh, freshness.vouches, let age = freshness.ageMilliseconds else { return nil }
        ageMilliseconds = age
    }

    var text: String { "member_stale: the state of this member was proven current \(ageMilliseconds) ms ago" }

    /// Of the field `Warning` (RFC 7234 §5.5.1; 110 is "response is stale").
    var value: String { "110 - \"\(text)\"" }

    var line: [UInt8] { Array("Warning: \(value)\r\n".utf8) }
}
