import Cluster
import JOSE
import Raft

/// What `GET /1.0/events` tells about.
enum EventType: String, Sendable, CaseIterable {
    /// Changes that were applied, in the order of the log: as the audit record has them, so for administrators.
    case lifecycle
    /// The lines of this member's log: for administrators.
    case logging
    /// The leader, the members and this member's readiness.
    case cluster

    var neededScope: StandardScope {
        switch self {
        case .lifecycle, .logging: .admin
        case .cluster: .read
        }
    }
}

/// One event, ready to be sent.
struct Event: Sendable, Equatable {
    let type: EventType
    /// Of the entry that it is about; the same event has the same on every member.
    var index: LogIndex?
    /// `{type, timestamp, location, project, metadata}`, as Incus has it; a single line.
    let json: [UInt8]

    /// - Parameters:
    ///   - time: Unix milliseconds.
    ///   - location: the member that tells it.
    init(_ type: EventType, index: LogIndex? = nil, time: Int64, location: String, metadata: JSONObject) {
        self.type = type
        self.index = index
        json = Self.encoded(type.rawValue, time: time, location: location, metadata: metadata)
    }

    static func encoded(_ type: String, time: Int64, location: String, metadata: JSONObject) -> [UInt8] {
        JSON.object([
            "type": .string(type), "timestamp": .string(timestamp(time)), "location": .string(location), "project": "default",
            "metadata": .object(metadata),
        ]).encoded()
    }

    private static func timestamp(_ milliseconds: Int64) -> String {
        let fraction = String(milliseconds % 1_000)
        let zeros = String(repeating: "0", count: 3 - fraction.count)
        return RFC3339.text(milliseconds / 1_000).dropLast() + ".\(zeros)\(fraction)Z"
    }

    /// Of one event that is not counted with the queues: what stands around its metadata.
    static let overheadBytes = 64
}
