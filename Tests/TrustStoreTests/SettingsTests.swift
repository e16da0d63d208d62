import HashTreeCollections
import JOSE
import Raft
import Testing
import TrustStore

@Suite("The cluster's settings")
struct SettingsTests {
    @Test("a change touches what it names and nothing else, and is stored with the state")
    func change() throws {
        var log = Log.founded()
        #expect(log.apply(.changeSettings(SettingsChange(nbfLeewaySeconds: 7, votersMax: 5))).refusal == nil)
        #expect(log.state.settings == ClusterSettings(nbfLeewaySeconds: 7, votersMax: 5))
        #expect(try log.reloaded() == log.state)
    }

    @Test("a change is whole or refused: one bad value, also one that is bad only beside another, changes nothing")
    func whole() {
        var log = Log.founded()
        let wrong = [
            SettingsChange(),
            SettingsChange(nbfLeewaySeconds: 7, maxStalenessMilliseconds: 999),
            SettingsChange(nbfLeewaySeconds: 7, votersMax: 4),
            // Longer than the longest.
            SettingsChange(nbfLeewaySeconds: 7, tokenSecondsMax: 60),
        ]
        for change in wrong { #expect(log.apply(.changeSettings(change)).refusal == .invalid) }
        #expect(log.state.settings == ClusterSettings())
        #expect(log.apply(.changeSettings(SettingsChange(tokenSecondsDefault: 60, tokenSecondsMax: 60))).refusal == nil)
    }

    @Test("only a change of the bound or the policy of staleness is remembered as one")
    func freshnessSince() throws {
        var log = Log.founded()
        log.apply(.changeSettings(SettingsChange(nbfLeewaySeconds: 7)))
        log.apply(.changeSettings(SettingsChange(maxStalenessMilliseconds: 5_000, stalenessPolicy: .refuse)))
        #expect(log.state.cluster?.freshnessSince == .zero, "they were so before")
        log.apply(.changeSettings(SettingsChange(stalenessPolicy: .serve)))
        let policy = LogIndex(log.index)
        #expect(log.state.cluster?.freshnessSince == policy)
        log.apply(.changeSettings(SettingsChange(maxStalenessMilliseconds: 6_000)))
        #expect(log.state.cluster?.freshnessSince == LogIndex(log.index) && LogIndex(log.index) > policy)
        #expect(try log.reloaded() == log.state)
    }

    @Test("every setting can be read by its name, has a meaning, and can be changed by its name alone", arguments: ClusterSetting.allCases)
    func names(setting: ClusterSetting) throws {
        let usual = ClusterSettings()
        #expect(!setting.summary.isEmpty && !setting.summary.hasSuffix("."))
        let other: JSON = setting == .stalenessPolicy ? "serve" : setting == .votersMax ? 5 : .integer((usual[setting].integerValue ?? 0) + 1)
        var reader = try JSONObjectReader(.object([setting.rawValue: other]))
        let change = try SettingsChange(from: &reader)
        try reader.finish()
        let changed = change.applied(to: usual)
        for each in ClusterSetting.allCases { #expect(changed[each] == (each == setting ? other : usual[each])) }
    }

    @Test("a shorter longest lifetime shortens no promise to tokens that were signed under the longer one")
    func tokensOutliveTheSetting() throws {
        var log = Log.founded()
        let year = ClusterSettings().tokenSecondsMax
        #expect(log.state.signingKeys["k0"]?.tokenSecondsMax == year)
        log.apply(.changeSettings(SettingsChange(tokenSecondsDefault: 60, tokenSecondsMax: 60)))
        log.apply(.addSigningKey(Fixtures.key("k1", .es256, .pending(activateInSeconds: nil))))
        log.apply(.activateSigningKey(kid: "k1", retiringSeconds: 60))
        let old = try #require(log.state.signingKeys["k0"])
        #expect(old.state == .retiring && old.retireAfter == (old.retiringAt ?? 0) + year)
        #expect(log.state.signingKeys["k1"]?.tokenSecondsMax == 60)
        log.apply(.changeSettings(SettingsChange(tokenSecondsMax: 7_200)))
        #expect(log.state.signingKeys["k1"]?.tokenSecondsMax == 7_200 && log.state.signingKeys["k0"]?.tokenSecondsMax == year)
        #expect(try log.reloaded() == log.state)
    }
}
