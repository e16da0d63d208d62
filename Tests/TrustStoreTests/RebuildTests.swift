import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("A cluster that goes on with one member")
struct RebuildTests {
    /// Two members, a join token and an add token, a revoked token and a certificate.
    private func grown() -> Log {
        var log = Log.founded()
        log.apply(.addJoinToken(Fixtures.joinToken()))
        log.apply(.joinMember(Fixtures.join()))
        log.apply(.addJoinToken(Fixtures.joinToken("t3", for: "m3")))
        log.apply(.addAddToken(Fixtures.addToken()))
        log.apply(.addCertificate(Fixtures.certificate()))
        log.apply(.revokeToken(RevokeToken(tokenID: "bad", expiresAt: nil, reason: nil)))
        return log
    }

    private func rebuild(_ number: UInt64 = 9, origin: RebuildCluster.Origin = .backup, before: Int64? = nil) -> CommandBody {
        .rebuildCluster(RebuildCluster(origin: origin, member: Fixtures.member(number), revokeBefore: before))
    }

    @Test("only the new member is left, and nobody can come in by what was handed out before")
    func membership() throws {
        var log = grown()
        let former = log.state
        #expect(log.apply(rebuild()).result != nil)
        #expect(log.state.members.values.map(\.id) == [Fixtures.memberID(9)])
        #expect(log.state.joinTokens.isEmpty && log.state.addTokens.isEmpty)
        #expect(log.apply(.joinMember(Fixtures.join("t3", Fixtures.member(3)))).refusal == .joinTokenUnknown)
        #expect(log.apply(.redeemAddToken(Fixtures.redemption())).refusal == .addTokenUnknown)
        let left = log.state.removedMembers.values.sorted { $0.id < $1.id }
        #expect(left.map(\.publicKey) == [[1, 1], [2, 1]] && left.map(\.isLeftBehind) == [true, true])
        #expect(try log.reloaded() == log.state)
        // What is trusted and what is revoked stays.
        #expect(log.state.certificates.keys == former.certificates.keys && log.state.revokedTokens.contains("bad"))
        #expect(log.state.signingKeys.keys == former.signingKeys.keys && log.state.cluster?.sealedCAKey == former.cluster?.sealedCAKey)
    }

    @Test("a survivor stays who it was, and the others are remembered as former members")
    func survivor() {
        var log = grown()
        let before = log.state.members[Fixtures.memberID(2)]
        log.apply(rebuild(2, origin: .survivor))
        #expect(log.state.members.count == 1)
        let after = log.state.members[Fixtures.memberID(2)]
        #expect(after?.publicKey == before?.publicKey && after?.name == before?.name && after?.joinedIndex == before?.joinedIndex)
        #expect(log.state.removedMembers.values.map(\.publicKey) == [[1, 1]])
    }

    @Test("a survivor whose own removal is the last that it heard of is a member again, and not remembered as removed")
    func removedSurvivor() throws {
        var log = grown()
        log.remove(2)
        #expect(log.state.members.count == 1 && log.state.removedMembers[Fixtures.memberID(2)] != nil)
        #expect(log.apply(rebuild(2, origin: .survivor)).result != nil)
        #expect(log.state.members.values.map(\.id) == [Fixtures.memberID(2)])
        #expect(log.state.removedMembers.values.map(\.id) == [Fixtures.memberID(1)])
        #expect(log.state.removedMember(publicKey: Fixtures.member(2).publicKey) == nil)
        #expect(try log.reloaded() == log.state)
    }

    @Test("nor is a removed member remembered under another id that has the rebuilt member's key")
    func removedKey() {
        var log = grown()
        log.remove(2)
        log.apply(.rebuildCluster(RebuildCluster(origin: .backup, member: Fixtures.member(9, key: Fixtures.member(2).publicKey.first))))
        #expect(log.state.members.values.map(\.id) == [Fixtures.memberID(9)])
        #expect(log.state.removedMembers.values.map(\.id) == [Fixtures.memberID(1)])
    }

    @Test("a cluster that was rebuilt can be rebuilt once more, with a time that was not given before")
    func again() {
        var log = grown()
        log.apply(rebuild(2, origin: .survivor))
        #expect(log.apply(rebuild(2, origin: .survivor, before: Fixtures.startSeconds)).result != nil)
        #expect(log.state.members.values.map(\.id) == [Fixtures.memberID(2)])
        #expect(log.state.removedMembers.values.map(\.id) == [Fixtures.memberID(1)])
        #expect(log.state.broadRevocations[RevocationTarget.nameOfEverything]?.target == .everything(before: Fixtures.startSeconds))
    }

    @Test("all tokens of before can be revoked in the same entry; without that nothing is")
    func revocation() {
        var log = grown()
        log.apply(rebuild())
        #expect(log.state.broadRevocations.isEmpty)
        var strict = grown()
        strict.apply(rebuild(before: Fixtures.startSeconds))
        #expect(strict.state.broadRevocations[RevocationTarget.nameOfEverything]?.target == .everything(before: Fixtures.startSeconds))
    }

    @Test("a time too far ahead refuses the whole, and nobody is removed")
    func tooFarAhead() {
        var log = grown()
        let before = log.state.members
        #expect(log.apply(rebuild(before: Fixtures.startSeconds + 100_000)).refusal == .invalid)
        #expect(log.state.members == before && log.state.joinTokens.count == 1)
    }

    @Test("tokens that are recorded afterwards get places in status lists that no lost token can have had")
    func statusIndexes() {
        var log = grown()
        log.apply(.recordToken(Fixtures.named("before")))
        let highest = log.state.statusIndexesUsed
        log.apply(rebuild())
        #expect(log.state.statusIndexesUsed >= highest + 65_536)
    }

    @Test("a cluster that was never founded is not rebuilt")
    func unfounded() {
        var log = Log()
        #expect(log.apply(rebuild()).refusal == .clusterNotFounded)
    }
}
