package import JOSE

/// One thing an operator may tune for the whole cluster, under the name that programs and the command line use.
/// Everything known of a setting is here: its name, its meaning, and through `ClusterSettings` its default and bounds.
package enum ClusterSetting: String, Sendable, Hashable, CaseIterable {
    case nbfLeewaySeconds = "nbf_leeway_seconds"
    case maxStalenessMilliseconds = "max_staleness_milliseconds"
    case stalenessPolicy = "staleness_policy"
    case joinTokenSeconds = "join_token_seconds"
    case addTokenSeconds = "add_token_seconds"
    case tokenSecondsDefault = "token_seconds_default"
    case tokenSecondsMax = "token_seconds_max"
    case keyRotationSeconds = "key_rotation_seconds"
    case votersMax = "voters_max"
    case replaceAfterSeconds = "replace_after_seconds"

    /// For people; without a full stop.
    package var summary: String {
        switch self {
        case .nbfLeewaySeconds: "How far in the future a token's nbf may lie and still be accepted"
        case .maxStalenessMilliseconds: "How old a member's knowledge may be when it vouches; how late a revocation may take effect"
        case .stalenessPolicy: "What a member does whose knowledge is older: refuse, or serve with a warning"
        case .joinTokenSeconds: "How long a join token can be used"
        case .addTokenSeconds: "How long a certificate add token can be used; 0: until it is used or revoked"
        case .tokenSecondsDefault: "Lifetime of a token that does not ask for one"
        case .tokenSecondsMax: "The longest lifetime that may be asked for; a replaced key verifies as long"
        case .keyRotationSeconds: "How long a key pair signs before it is replaced by itself; 0: only by an operator"
        case .votersMax: "How many members vote (1, 3, 5 or 7); the others are replicas"
        case .replaceAfterSeconds: "How long a voter may be away before a replica takes its place; 0: only an operator changes roles"
        }
    }
}

extension ClusterSettings {
    package subscript(setting: ClusterSetting) -> JSON {
        switch setting {
        case .nbfLeewaySeconds: .integer(nbfLeewaySeconds)
        case .maxStalenessMilliseconds: .integer(maxStalenessMilliseconds)
        case .stalenessPolicy: .string(stalenessPolicy.rawValue)
        case .joinTokenSeconds: .integer(joinTokenSeconds)
        case .addTokenSeconds: .integer(addTokenSeconds)
        case .tokenSecondsDefault: .integer(tokenSecondsDefault)
        case .tokenSecondsMax: .integer(tokenSecondsMax)
        case .keyRotationSeconds: .integer(keyRotationSeconds)
        case .votersMax: .integer(votersMax)
        case .replaceAfterSeconds: .integer(replaceAfterSeconds)
        }
    }
}

/// New values of some settings; the others stay as they are.
package struct SettingsChange: Sendable, Equatable {
    package private(set) var nbfLeewaySeconds: Int64?
    package private(set) var maxStalenessMilliseconds: Int64?
    package private(set) var stalenessPolicy: StalenessPolicy?
    package private(set) var joinTokenSeconds: Int64?
    package private(set) var addTokenSeconds: Int64?
    package private(set) var tokenSecondsDefault: Int64?
    package private(set) var tokenSecondsMax: Int64?
    package private(set) var keyRotationSeconds: Int64?
    package private(set) var votersMax: Int64?
    package private(set) var replaceAfterSeconds: Int64?

    package init(
        nbfLeewaySeconds: Int64? = nil, maxStalenessMilliseconds: Int64? = nil, stalenessPolicy: StalenessPolicy? = nil,
        joinTokenSeconds: Int64? = nil, addTokenSeconds: Int64? = nil, tokenSecondsDefault: Int64? = nil, tokenSecondsMax: Int64? = nil,
        keyRotationSeconds: Int64? = nil, votersMax: Int64? = nil, replaceAfterSeconds: Int64? = nil
    ) {
        self.nbfLeewaySeconds = nbfLeewaySeconds
        self.maxStalenessMilliseconds = maxStalenessMilliseconds
        self.stalenessPolicy = stalenessPolicy
        self.joinTokenSeconds = joinTokenSeconds
        self.addTokenSeconds = addTokenSeconds
        self.tokenSecondsDefault = tokenSecondsDefault
        self.tokenSecondsMax = tokenSecondsMax
        self.keyRotationSeconds = keyRotationSeconds
        self.votersMax = votersMax
        self.replaceAfterSeconds = replaceAfterSeconds
    }

    /// The names are those of `ClusterSetting`; a name that this version does not know is left for the reader's own
    /// refusal of unknown members.
    package init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        nbfLeewaySeconds = try reader.optionalInteger(ClusterSetting.nbfLeewaySeconds.rawValue)
        maxStalenessMilliseconds = try reader.optionalInteger(ClusterSetting.maxStalenessMilliseconds.rawValue)
        if let text = try reader.optionalString(ClusterSetting.stalenessPolicy.rawValue) {
            guard let policy = StalenessPolicy(rawValue: text) else {
                throw reader.error(ClusterSetting.stalenessPolicy.rawValue, "must be refuse or serve")
            }
            stalenessPolicy = policy
        }
        joinTokenSeconds = try reader.optionalInteger(ClusterSetting.joinTokenSeconds.rawValue)
        addTokenSeconds = try reader.optionalInteger(ClusterSetting.addTokenSeconds.rawValue)
        tokenSecondsDefault = try reader.optionalInteger(ClusterSetting.tokenSecondsDefault.rawValue)
        tokenSecondsMax = try reader.optionalInteger(ClusterSetting.tokenSecondsMax.rawValue)
        keyRotationSeconds = try reader.optionalInteger(ClusterSetting.keyRotationSeconds.rawValue)
        votersMax = try reader.optionalInteger(ClusterSetting.votersMax.rawValue)
        replaceAfterSeconds = try reader.optionalInteger(ClusterSetting.replaceAfterSeconds.rawValue)
    }

    package var isEmpty: Bool { self == SettingsChange() }

    package func applied(to settings: ClusterSettings) -> ClusterSettings {
        ClusterSettings(
            nbfLeewaySeconds: nbfLeewaySeconds ?? settings.nbfLeewaySeconds,
            maxStalenessMilliseconds: maxStalenessMilliseconds ?? settings.maxStalenessMilliseconds,
            stalenessPolicy: stalenessPolicy ?? settings.stalenessPolicy,
            joinTokenSeconds: joinTokenSeconds ?? settings.joinTokenSeconds,
            addTokenSeconds: addTokenSeconds ?? settings.addTokenSeconds,
            tokenSecondsDefault: tokenSecondsDefault ?? settings.tokenSecondsDefault,
            tokenSecondsMax: tokenSecondsMax ?? settings.tokenSecondsMax,
            keyRotationSeconds: keyRotationSeconds ?? settings.keyRotationSeconds,
            votersMax: votersMax ?? settings.votersMax,
            replaceAfterSeconds: replaceAfterSeconds ?? settings.replaceAfterSeconds)
    }
}

extension SettingsChange: RecordCodable {
    func write(to writer: inout RecordWriter) {
        writer.integer(ClusterSetting.nbfLeewaySeconds.rawValue, nbfLeewaySeconds)
        writer.integer(ClusterSetting.maxStalenessMilliseconds.rawValue, maxStalenessMilliseconds)
        writer.string(ClusterSetting.stalenessPolicy.rawValue, stalenessPolicy?.rawValue)
        writer.integer(ClusterSetting.joinTokenSeconds.rawValue, joinTokenSeconds)
        writer.integer(ClusterSetting.addTokenSeconds.rawValue, addTokenSeconds)
        writer.integer(ClusterSetting.tokenSecondsDefault.rawValue, tokenSecondsDefault)
        writer.integer(ClusterSetting.tokenSecondsMax.rawValue, tokenSecondsMax)
        writer.integer(ClusterSetting.keyRotationSeconds.rawValue, keyRotationSeconds)
        writer.integer(ClusterSetting.votersMax.rawValue, votersMax)
        writer.integer(ClusterSetting.replaceAfterSeconds.rawValue, replaceAfterSeconds)
    }
}
