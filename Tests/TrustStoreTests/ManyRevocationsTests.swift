import JOSE
import Raft
import Testing
import TrustStore

@Suite("Many revocations in one entry, and forgetting them")
struct ManyRevocationsTests {
    private func tokens(_ ids: [String], expiresAt: Int64? = nil) -> RevokeTokens {
        RevokeTokens(ids.map { RevokeTokens.Token(id: $0, expiresAt: expiresAt) }, reason: "leak")
    }

    @Test("each has a name of its own, and one that was revoked before keeps its first")
    func names() throws {
        var log = Log.founded()
        log.apply(.revokeToken(RevokeToken(tokenID: "b", expiresAt: nil, reason: "first")))
        #expect(log.apply(.revokeTokens(tokens(["a", "b", "c", "a"]))).result?.id == "2", "how many were new")
        let listed = log.state.revokedTokens.sorted()
        #expect(listed.map(\.tokenID) == ["b", "a", "c"] && listed.map(\.id) == ["2", "3", "3.1"])
        #expect(listed[0].reason == "first")
        #expect(try log.reloaded() == log.state)
        #expect(log.apply(.withdrawRevocation(id: "3.1")).refusal == .revocationUnknown)
        #expect(log.apply(.withdrawRevocation(id: "3.2")).refusal == .revocationUnknown)
    }

    @Test("an entry holds so many of the longest ids and no more")
    func bound() throws {
        func many(_ count: Int) -> RevokeTokens {
            tokens((0..<count).map { number in String(repeating: "x", count: StateLimits.tokenIDBytesMax - 6) + String(100_000 + number) }, expiresAt: .max)
        }
        var log = Log.founded()
        #expect(log.apply(.revokeTokens(many(RevokeTokens.countMax + 1))).refusal == .invalid)
        #expect(log.apply(.revokeTokens(many(0))).refusal == .invalid)
        #expect(log.apply(.revokeTokens(many(RevokeTokens.countMax))).result?.id == "\(RevokeTokens.countMax)")
        let proposal = TrustStore.Proposal(
            requestID: RequestID(high: 1, low: 1), proposedAfter: LogIndex(1), actor: Fixtures.actor, body: .revokeTokens(many(RevokeTokens.countMax)))
        #expect(proposal.encode().count <= TrustStore.Proposal.encodedBytesMax)
        #expect(try TrustStore.Proposal(decoding: proposal.encode()) == proposal)
    }

    @Test("only revocations of tokens that are over for a minute, by the log's own clock, are forgotten")
    func forgetting() throws {
        var log = Log.founded()
        let end = Fixtures.startSeconds + 100
        log.apply(.revokeTokens(tokens(["ends"], expiresAt: end)))
        log.apply(.revokeTokens(tokens(["never"])))
        let all = CommandBody.forgetRevocations(tokenIDs: ["ends", "never", "unknown"])
        log.apply(all, after: 160_000)
        #expect(log.state.revokedTokens.contains("ends"), "160 s on it is over for 60 s and no more")
        log.apply(all, after: 1_000)
        #expect(!log.state.revokedTokens.contains("ends") && log.state.revokedTokens.contains("never"))
        #expect(try log.reloaded() == log.state)
    }
}
