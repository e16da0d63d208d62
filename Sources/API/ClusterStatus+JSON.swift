import Cluster
import JOSE
import Raft

extension ClusterStatus {
    /// What `GET /1.0/cluster/status` answers with. Unknown is null, never zero.
    var json: JSON {
        .object([
            "leader": leader.flatMap { id in members.first { $0.id == id } }.map { .string($0.name) } ?? .null,
            "term": .integer(Int64(clamping: term.rawValue)),
            "commit_index": .integer(Int64(clamping: commitIndex.rawValue)),
            "applied_index": .integer(Int64(clamping: appliedIndex.rawValue)),
            "feature_level": .integer(featureLevel), "halted": haltedReason.map(JSON.string) ?? .null,
            "out_of_service": quarantine.map(JSON.string) ?? .null,
            "recovering": .bool(isRecovering), "snapshot": snapshot.map(\.json) ?? .null,
            "storage_trouble": storageTrouble.map(JSON.string) ?? .null,
            "members": .array(members.map(\.json)),
        ])
    }
}

extension SnapshotProgress {
    fileprivate var json: JSON {
        .object([
            "index": .integer(Int64(clamping: index.rawValue)), "bytes": .integer(Int64(clamping: bytesDone)),
            "bytes_total": .integer(Int64(clamping: bytesTotal)),
        ])
    }
}

extension MemberStatus {
    var json: JSON {
        .object([
            "name": .string(name), "id": .string(id.description), "role": .string(role.rawValue),
            "leader": .bool(isLeader), "state": .string(state.rawValue),
            "snapshot": snapshot.map(\.json) ?? .null,
            "match_index": Self.number(appliedIndex?.rawValue), "lag": Self.number(lag),
            "age_ms": Self.number(ageMilliseconds), "version": version.map(JSON.string) ?? .null,
            "clock_skew_ms": clockSkewMilliseconds.map(JSON.integer) ?? .null,
            "addresses": .strings(addresses),
            "certificate_expires_at": certificateExpiresAt.map { .string(RFC3339.text($0)) } ?? .null,
            "last_contact_ms": Self.number(lastContactMilliseconds),
        ])
    }

    private static func number(_ value: UInt64?) -> JSON {
        value.map { .integer(Int64(clamping: $0)) } ?? .null
    }
}
