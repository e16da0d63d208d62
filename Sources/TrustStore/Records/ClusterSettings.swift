import JOSE

/// What an operator may tune for the whole cluster; replicated, so every member obeys the same values.
package struct ClusterSettings: Sendable, Equatable {
    /// How far in the future a token's `nbf` may lie and still be accepted.
    package var nbfLeewaySeconds: Int64
    /// Promise 3 of the vision: older knowledge than this vouches for nothing.
    package var maxStalenessMilliseconds: Int64
    package var stalenessPolicy: StalenessPolicy
    /// How long a join token stays redeemable.
    package var joinTokenSeconds: Int64
    /// How long a certificate add token stays redeemable; 0: until it is used or revoked.
    package var addTokenSeconds: Int64
    /// Lifetime of a minted token that does not ask for one.
    package var tokenSecondsDefault: Int64
    /// The longest lifetime that may be asked for; also how long a replaced key keeps verifying.
    package var tokenSecondsMax: Int64
    /// Key pairs that have signed for so long are replaced by themselves; 0 leaves that to operators.
    package var keyRotationSeconds: Int64
    /// How many members vote; the others are replicas.
    package var votersMax: Int64
    /// A voter that is away for longer gives its vote to a replica; 0 leaves that to operators.
    package var replaceAfterSeconds: Int64

    package init(
        nbfLeewaySeconds: Int64 = 5,
        maxStalenessMilliseconds: Int64 = 5_000,
        stalenessPolicy: StalenessPolicy = .refuse,
        joinTokenSeconds: Int64 = 10_800,
        addTokenSeconds: Int64 = 0,
        tokenSecondsDefault: Int64 = 3_600,
        tokenSecondsMax: Int64 = 31_536_000,
        keyRotationSeconds: Int64 = 7_776_000,
        votersMax: Int64 = 3,
        replaceAfterSeconds: Int64 = replaceAfterDefault
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

    package static let replaceAfterDefault: Int64 = 600

    package static let maxStalenessRange: ClosedRange<Int64> = 1_000...600_000

    func check() throws(CommandRefusal) {
        // A bound that is another setting is worth something only once that one was looked at.
        let isRelative = { (setting: ClusterSetting) in if case .upTo = setting.bounds { true } else { false } }
        for setting in ClusterSetting.allCases.filter({ !isRelative($0) }) + ClusterSetting.allCases.filter(isRelative) {
            try setting.bounds.check(self[setting], "settings.\(setting.rawValue)", in: self)
        }
    }
}

extension ClusterSettings: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            nbfLeewaySeconds: try reader.integer("nbf_leeway_seconds"),
            maxStalenessMilliseconds: try reader.integer("max_staleness_milliseconds"),
            stalenessPolicy: try reader.choice("staleness_policy"),
            joinTokenSeconds: try reader.integer("join_token_seconds"),
            addTokenSeconds: try reader.integer("add_token_seconds"),
            tokenSecondsDefault: try reader.integer("token_seconds_default"),
            tokenSecondsMax: try reader.integer("token_seconds_max"),
            keyRotationSeconds: try reader.integer("key_rotation_seconds"),
            votersMax: try reader.integer("voters_max"),
            replaceAfterSeconds: try reader.optionalInteger("replace_after_seconds") ?? Self.replaceAfterDefault)
    }

    func write(to writer: inout RecordWriter) {
        writer.integer("nbf_leeway_seconds", nbfLeewaySeconds)
        writer.integer("max_staleness_milliseconds", maxStalenessMilliseconds)
        writer.string("staleness_policy", stalenessPolicy.rawValue)
        writer.integer("join_token_seconds", joinTokenSeconds)
        writer.integer("add_token_seconds", addTokenSeconds)
        writer.integer("token_seconds_default", tokenSecondsDefault)
        writer.integer("token_seconds_max", tokenSecondsMax)
        writer.integer("key_rotation_seconds", keyRotationSeconds)
        writer.integer("voters_max", votersMax)
        writer.integer("replace_after_seconds", replaceAfterSeconds)
    }
}
