import Cluster
import JOSE
import Raft
import TrustStore

/// A member as Incus shows it (docs/incus.md, "Members"), from its record and what is known of it now.
struct MemberDescription {
    let record: MemberRecord
    let status: ClusterStatus

    var json: JSON {
        var object: JSONObject = [
            "server_name": .string(record.name), "url": .string("https://\(record.addresses.first ?? "")"),
            "database": .bool(isVoter), "status": .string(isOnline ? "Online" : "Offline"),
            "message": .string(message), "architecture": .string(Build.architecture),
        ]
        for member in changeableMembers { object[member.0] = member.1 }
        return .object(object)
    }

    /// `config` is never null: the client of LXD panics on that.
    private var changeableMembers: [(String, JSON)] {
        [
            ("roles", .strings(roles)), ("failure_domain", .string(record.failureDomain)), ("description", .string(record.summary)),
            ("config", .object([:])), ("groups", ["default"]), ("role", .string(record.role.rawValue)),
        ]
    }

    private var own: MemberStatus? { status.members.first { $0.id == record.id } }
    var isVoter: Bool { own?.role == .voter }
    private var isOnline: Bool { own?.state == .online }

    private var roles: [String] {
        guard isVoter else { return [] }
        return own?.isLeader == true ? ["database-leader", "database"] : ["database"]
    }

    private var message: String {
        if record.isLeaving { return "Leaving the cluster" }
        if isOnline { return "Fully operational" }
        guard let silence = own?.lastContactMilliseconds else { return "No heartbeat yet" }
        return "No heartbeat for \(silence / 1000)s"
    }
}
