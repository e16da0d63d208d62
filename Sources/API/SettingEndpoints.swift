import Cluster
import JOSE
import TrustStore

/// What an operator may tune for the whole cluster.
enum SettingEndpoints {
    static let path = "/1.0/cluster/settings"

    static let all: [Endpoint] = [
        .get(path, .scope(.read), EndpointDocument(summary: "The cluster's settings")) { (exchange) throws(Problem) in
            .sync(json(exchange.state.settings))
        },
        .patch(path, .scope(.admin), change, reading: SettingsChange.init(from:)) { (exchange, change) async throws(Problem) in
            _ = try await exchange.propose(.changeSettings(change))
            return .sync(json(exchange.member.view.state.settings))
        },
    ]

    private static let change = EndpointDocument(
        summary: "Change settings: those that are named, all of them or none",
        body: ClusterSetting.allCases.map { setting in
            .optional(setting.rawValue, setting == .stalenessPolicy ? .string : .integer, "\(setting.summary).")
        })

    private static func json(_ settings: ClusterSettings) -> JSON {
        .object(JSONObject(ClusterSetting.allCases.map { ($0.rawValue, settings[$0]) }))
    }
}
