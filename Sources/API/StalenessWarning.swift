import Cluster
import HTTPTypes

/// What an answer carries that a member gave from knowledge older than `max_staleness`, as the policy `serve` lets it.
struct StalenessWarning {
    private let ageMilliseconds: Int64?

    /// Nil for a member that is fresh. For an answer that vouches: whoever does not has no use for a warning.
    init?(_ freshness: Freshness) {
        guard !freshness.isFresh else { return nil }
        ageMilliseconds = freshness.ageMilliseconds
    }

    var text: String {
        "member_stale: the state of this member was proven current \(ageMilliseconds.map { "\($0) ms ago" } ?? "at an unknown time")"
    }

    /// Of the field `Warning` (RFC 7234 §5.5.1; 110 is "response is stale").
    var value: String { "110 - \"\(text)\"" }

    var line: [UInt8] { Array("Warning: \(value)\r\n".utf8) }
}
