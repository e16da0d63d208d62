import JOSE
import Raft
import TrustStore

/// What `GET /1.0/audit` was asked for.
struct AuditQuery: Sendable {
    static let limitDefault = 100
    /// An answer is built and queued whole, so its length needs a bound.
    static let limitMax = 1_000
    /// Entries looked at for one answer: a filter that few entries pass must not read the whole record at once.
    static let scannedMax = 5_000
    /// Of one read, in payload.
    static let bytesMax = 1 << 20
    /// Shorter than what clients wait for an answer.
    static let waitSecondsMax = 25

    static let names: Set = ["after", "limit", "actor", "kind", "since", "raw", "wait", "consistency", "access_token"]

    let after: LogIndex
    let limit: Int
    let actor: String?
    let kind: String?
    /// Unix seconds.
    let since: Int64?
    let isRaw: Bool
    let waitSeconds: Int

    init(_ query: QueryParameters) throws(Problem) {
        // A filter that is misspelt would show everything.
        try query.requireOnly(Self.names)
        after = LogIndex(UInt64(try Self.number(query, "after", in: 0...Int(LogIndex.max.rawValue)) ?? 0))
        limit = try Self.number(query, "limit", in: 1...Self.limitMax) ?? Self.limitDefault
        actor = try query.value("actor")
        kind = try query.value("kind")
        since = try query.value("since").map { (text) throws(Problem) in
            guard let seconds = RFC3339.seconds(text) ?? Int64(text), seconds >= 0 else {
                throw .badRequest("query parameter since must be a time (2026-01-31T12:00:00Z) or Unix seconds")
            }
            return seconds
        }
        isRaw = try Self.number(query, "raw", in: 0...1) == 1
        waitSeconds = try Self.number(query, "wait", in: 0...Self.waitSecondsMax) ?? 0
    }

    private static func number(_ query: QueryParameters, _ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = try query.value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .badRequest("query parameter \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    var isFilter: Bool { actor != nil || kind != nil || since != nil }

    func takes(_ item: AuditItem) -> Bool {
        if let actor, item.command?.actor.id != actor { return false }
        if let kind, item.kind != kind { return false }
        if let since { return (item.seconds ?? -1) >= since }
        return true
    }
}

extension EndpointDocument.Parameter {
    static let audit = [
        Self(name: "after", summary: "The index of the last entry already seen; default 0."),
        Self(name: "limit", summary: "How many at most; 1 to \(AuditQuery.limitMax), default \(AuditQuery.limitDefault)."),
        Self(name: "actor", summary: "Only what this actor did, by id."),
        Self(name: "kind", summary: "Only entries of this kind, such as revoke_token."),
        Self(name: "since", summary: "Only what was done at this time or later; RFC 3339 or Unix seconds."),
        Self(name: "raw", summary: "1 adds the bytes of each entry, base64: what the chain is made from. They hold keys that are sealed and hashes of secrets, never a secret itself."),
        Self(name: "wait", summary: "Seconds to wait for an entry behind after when there is none; 0 to \(AuditQuery.waitSecondsMax), default 0."),
    ]
}
