import JOSE
import TrustStore

/// The part of the cluster's settings that clients of Incus know, under their names and in their texts.
enum ServerConfig {
    static let addTokenExpiry = "core.remote_token_expiry"
    static let joinTokenExpiry = "cluster.join_token_expiry"

    /// Only what differs from the default: the client sends the whole map back.
    static func json(_ settings: ClusterSettings) -> JSON {
        let usual = ClusterSettings()
        var config = JSONObject()
        if settings.addTokenSeconds != usual.addTokenSeconds { config[addTokenExpiry] = .string(ExpiryText.text(settings.addTokenSeconds)) }
        if settings.joinTokenSeconds != usual.joinTokenSeconds { config[joinTokenExpiry] = .string(ExpiryText.text(settings.joinTokenSeconds)) }
        return .object(config)
    }

    /// - Parameter isWhole: PUT, where what is absent goes back to its default. An empty value does so with PATCH too.
    static func change(_ config: JSONObject, isWhole: Bool) throws(JSONFieldError) -> SettingsChange {
        let usual = ClusterSettings()
        var values: [String: Int64] = isWhole ? [addTokenExpiry: usual.addTokenSeconds, joinTokenExpiry: usual.joinTokenSeconds] : [:]
        for member in config.members {
            let field = "config.\(member.name)"
            let usualValue: Int64
            switch member.name {
            case addTokenExpiry: usualValue = usual.addTokenSeconds
            case joinTokenExpiry: usualValue = usual.joinTokenSeconds
            default: throw JSONFieldError(field: field, "is not a key of this server; it knows \(addTokenExpiry) and \(joinTokenExpiry)")
            }
            guard case .string(let text) = member.value else { throw JSONFieldError(field: field, "must be a string") }
            guard let seconds = text.isEmpty ? usualValue : ExpiryText.seconds(text) else {
                throw JSONFieldError(field: field, "must be a span such as 3H or 1d 12H")
            }
            values[member.name] = seconds
        }
        return SettingsChange(joinTokenSeconds: values[joinTokenExpiry], addTokenSeconds: values[addTokenExpiry])
    }
}

struct ServerConfigBody {
    let config: JSONObject

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        switch reader.optionalValue("config") {
        case nil: config = JSONObject()
        case .object(let object): config = object
        default: throw reader.error("config", "must be an object")
        }
    }
}
