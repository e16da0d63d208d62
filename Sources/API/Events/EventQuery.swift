import HTTP
import HTTPTypes
import Raft

/// What `GET /1.0/events` was asked for.
struct EventQuery: Sendable {
    /// Types of Incus that nothing here has; a client may wait for them.
    private static let silentTypes: Set = ["operation", "network-acl"]

    /// Nil: whatever the caller may see.
    let types: Set<EventType>?
    /// The index of the last entry that was seen; nil to begin with the next.
    let after: LogIndex?

    init(_ query: QueryParameters, _ head: HTTPHead) throws(Problem) {
        types = try query.value("type").map { (text) throws(Problem) in
            var types: Set<EventType> = []
            for name in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
                if let type = EventType(rawValue: name) { types.insert(type) } else if !Self.silentTypes.contains(name) {
                    throw .badRequest(
                        "query parameter type must be a list of \(EventType.allCases.map(\.rawValue).joined(separator: ", "))")
                }
            }
            return types
        }
        // A browser that connects again sends the same URL, with what it saw last in the header.
        let seen = head.values(of: .lastEventID)
        guard seen.count <= 1 else { throw .badRequest("header Last-Event-ID is given more than once") }
        if let text = seen.first, !text.isEmpty {
            after = try Self.index(text, "header Last-Event-ID")
        } else {
            after = try query.value("after").map { (text) throws(Problem) in try Self.index(text, "query parameter after") }
        }
    }

    private static func index(_ text: String, _ what: String) throws(Problem) -> LogIndex {
        guard let index = UInt64(text), text.utf8.first != UInt8(ascii: "+"), index < LogIndex.max.rawValue else {
            throw .badRequest("\(what) must be the index of an entry, a whole number")
        }
        return LogIndex(index)
    }
}

extension HTTPField.Name {
    static let lastEventID = Self("Last-Event-ID")!
}

extension EndpointDocument.Parameter {
    static let events = [
        Self(name: "type", summary: "Any of lifecycle, logging and cluster, separated by commas. Default: all that the caller may see. lifecycle and logging need the scope admin."),
        Self(name: "after", summary: "The index of the last entry already seen: what came later is told first, from the audit record. So does the header Last-Event-ID. Default: only what comes from now on."),
    ]
}
