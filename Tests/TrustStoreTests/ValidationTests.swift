import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Fields and bounds")
struct ValidationTests {
    @Test(
        "member names that Incus accepts",
        arguments: ["n4", "a", "node-1.example_x", "0", String(repeating: "x", count: 64), "a#b%c\\d"])
    func goodName(name: String) {
        #expect(MemberName.isValid(name))
    }

    @Test(
        "member names that are refused",
        arguments: [
            "", String(repeating: "x", count: 65), "-a", "a-", ".a", "a b", "a\tb", "a\nb", "é", "aéb", "a\u{7F}b",
            "a$b", "a?b", "a&b", "a+b", "a\"b", "a'b", "a`b", "a*b", "a/b",
        ])
    func badName(name: String) {
        #expect(!MemberName.isValid(name))
        var log = Log.founded()
        let transition = log.apply(.addJoinToken(Fixtures.joinToken("t1", for: name)))
        #expect(transition.refusal == .memberNameInvalid)
        #expect(log.state.joinTokens.isEmpty)
    }

    @Test("addresses are host:port", arguments: ["a:1", "10.0.0.1:65535", "[::1]:8443", "[fe80::1%eth0]:1", "a-b.c_d:80"])
    func goodAddress(address: String) {
        #expect(MemberAddress.isValid(address))
    }

    @Test(
        "what is no host:port is refused",
        arguments: ["", "a", ":1", "a:", "a:0", "a:65536", "a:-1", "a:+1", "::1:80", "[]:1", "a b:1", "a/b:1", "é:1", "a:1 "])
    func badAddress(address: String) {
        #expect(!MemberAddress.isValid(address))
    }

    @Test("the address bound holds at one more")
    func addressBounds() {
        #expect(MemberAddress.isValid(String(repeating: "a", count: MemberAddress.lengthMax - 2) + ":1"))
        #expect(!MemberAddress.isValid(String(repeating: "a", count: MemberAddress.lengthMax - 1) + ":1"))
        let member = Fixtures.memberID(1)
        for (count, expected) in [(0, RefusalCode.invalid), (StateLimits.addressesMax, nil), (StateLimits.addressesMax + 1, .invalid)] {
            var log = Log.founded()
            let addresses = Array(repeating: "a:1", count: count)
            #expect(log.apply(.changeMemberAddresses(member: member, addresses: addresses)).refusal == expected)
        }
    }

    @Test("what state is looked up by is visible ASCII: no two spellings of one key")
    func keysAreASCII() {
        for wrong in ["", "a b", "e\u{301}", "\u{E9}", "\u{212A}", "a\u{0}", String(repeating: "a", count: StateLimits.tokenIDBytesMax + 1)] {
            var log = Log.founded()
            #expect(log.apply(.revokeToken(RevokeToken(tokenID: wrong, expiresAt: nil, reason: nil))).refusal == .invalid)
            #expect(log.apply(.recordToken(Fixtures.named(wrong))).refusal == .invalid)
            #expect(log.apply(.addSigningKey(Fixtures.key(wrong))).refusal == .invalid)
        }
        let longest = String(repeating: "a", count: StateLimits.tokenIDBytesMax)
        var log = Log.founded()
        #expect(log.apply(.revokeToken(RevokeToken(tokenID: longest, expiresAt: nil, reason: nil))).refusal == nil)
    }

    @Test("a caller or a reason with control characters or beyond the bound is refused")
    func texts() {
        let tooLong = String(repeating: "a", count: StateLimits.textBytesMax + 1)
        for wrong in ["", "a\nb", "a\u{7F}", tooLong] {
            var log = Log.founded()
            #expect(log.apply(.revokeToken(RevokeToken(tokenID: "j", expiresAt: nil, reason: wrong))).refusal == .invalid)
            let actor = Actor(id: wrong, method: "token", address: nil)
            #expect(log.apply(.removeJoinToken(id: "x"), by: actor).refusal == .invalid)
        }
    }

    @Test("spans are bounded on both sides", arguments: [-1, StateLimits.secondsMax + 1, Int64.min, Int64.max])
    func spans(seconds: Int64) {
        var log = Log.founded()
        #expect(log.apply(.retireSigningKey(kid: "k0", retiringSeconds: seconds)).refusal == .invalid)
        #expect(log.apply(.activateSigningKey(kid: "k0", retiringSeconds: seconds)).refusal == .invalid)
        let key = Fixtures.key("k1", .es256, .pending(activateInSeconds: seconds))
        #expect(log.apply(.addSigningKey(key)).refusal == .invalid)
    }

    @Test("settings that break a promise are refused at the founding")
    func settings() {
        let wrong: [ClusterSettings] = [
            ClusterSettings(nbfLeewaySeconds: 601), ClusterSettings(nbfLeewaySeconds: -1),
            ClusterSettings(maxStalenessMilliseconds: 999), ClusterSettings(maxStalenessMilliseconds: 600_001),
            ClusterSettings(joinTokenSeconds: 0), ClusterSettings(tokenSecondsDefault: 61, tokenSecondsMax: 60),
            ClusterSettings(tokenSecondsMax: StateLimits.secondsMax + 1), ClusterSettings(votersMax: 2),
            ClusterSettings(votersMax: 9), ClusterSettings(keyRotationSeconds: 3_599), ClusterSettings(keyRotationSeconds: -1),
        ]
        for settings in wrong {
            var founding = Fixtures.founding()
            founding.settings = settings
            var log = Log()
            #expect(log.apply(.foundCluster(founding)).refusal == .invalid)
        }
    }

    @Test("there is room for so many signing keys, and not for one more")
    func keyLimit() {
        var log = Log.founded()
        for number in 1..<StateLimits.signingKeysMax { log.apply(.addSigningKey(Fixtures.key("k\(number)"))) }
        #expect(log.state.signingKeys.count == StateLimits.signingKeysMax)
        #expect(log.apply(.addSigningKey(Fixtures.key("one-more"))).refusal == .limitReached)
        #expect(log.state.signingKeys.count == StateLimits.signingKeysMax)
    }

    @Test("there is room for so many join tokens, and not for one more; a replacement always has room")
    func joinTokenLimit() {
        var log = Log.founded()
        for number in 0..<StateLimits.joinTokensMax { log.apply(.addJoinToken(Fixtures.joinToken("t\(number)", for: "x\(number)"))) }
        #expect(log.state.joinTokens.count == StateLimits.joinTokensMax)
        #expect(log.apply(.addJoinToken(Fixtures.joinToken("more", for: "more"))).refusal == .limitReached)
        #expect(log.apply(.addJoinToken(Fixtures.joinToken("again", for: "x7"))).result != nil)
    }

    @Test("expired join tokens make room for new ones, and only then are forgotten")
    func expiredMakeRoom() {
        var log = Log.founded()
        for number in 0..<StateLimits.joinTokensMax {
            log.apply(.addJoinToken(Fixtures.joinToken("t\(number)", for: "x\(number)", in: number < 3 ? 10 : 1_000)))
        }
        log.apply(.removeJoinToken(id: "none"), after: 10_000)
        #expect(log.state.joinTokens.count == StateLimits.joinTokensMax)
        let transition = log.apply(.addJoinToken(Fixtures.joinToken("more", for: "more", in: 1_000)))
        #expect(transition.result != nil)
        #expect(log.state.joinTokens.count == StateLimits.joinTokensMax - 2)
        #expect(transition.changes.compactMap { $0.value == nil ? $0.key : nil } == ["t0", "t1", "t2"])
    }

    @Test("a refusal for want of room does not cancel the older token")
    func refusalKeepsOlder() {
        var log = Log.founded()
        log.apply(.addJoinToken(Fixtures.joinToken("old", for: "m2")))
        #expect(log.apply(.addJoinToken(Fixtures.joinToken("new", for: "m2", in: -1))).refusal == .joinTokenExpired)
        #expect(log.state.joinTokens["old"] != nil)
    }

    @Test("early checks and apply agree", arguments: Fixtures.allBodies)
    func earlyCheck(body: CommandBody) {
        #expect(throws: Never.self) { try body.check() }
    }
}
