import Cluster
import JOSE
import Raft

extension ClusterEvent {
    var metadata: JSONObject {
        func metadata(_ action: String, _ source: String, _ context: JSONObject) -> JSONObject {
            ["action": .string(action), "source": .string(source), "context": .object(context)]
        }
        func member(_ action: String, _ name: String) -> JSONObject {
            metadata(action, "/1.0/cluster/members", ["member": .string(name)])
        }
        switch self {
        case .leaderChanged(let leader, let term):
            return metadata(
                "leader-changed", "/1.0/cluster/leader",
                ["leader": leader.map(JSON.string) ?? .null, "term": .integer(Int64(clamping: term.rawValue))])
        case .votersChanged(let voters): return metadata("voters-changed", "/1.0/cluster/members", ["voters": .strings(voters)])
        case .memberJoined(let name): return member("member-joined", name)
        case .memberRemoved(let name): return member("member-removed", name)
        case .memberRenamed(let old, let name):
            return metadata("member-renamed", "/1.0/cluster/members", ["member": .string(name), "was": .string(old)])
        case .memberOnline(let name): return member("member-online", name)
        case .memberOffline(let name): return member("member-offline", name)
        case .readinessChanged(let isReady, let reason):
            var context: JSONObject = ["ready": .bool(isReady)]
            if let reason { context["reason"] = .string(reason) }
            return metadata(isReady ? "member-ready" : "member-not-ready", "/readyz", context)
        }
    }
}
