import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Founding, joining, leaving")
struct MemberCommandTests {
    private func logWithToken() -> Log {
        var log = Log.founded()
        log.apply(.addJoinToken(Fixtures.joinToken()))
        return log
    }

    @Test("founding makes cluster, founder and keys in one entry")
    func founding() throws {
        let log = Log.founded()
        let cluster = try #require(log.state.cluster)
        #expect(cluster.createdAt == Fixtures.startSeconds)
        #expect(cluster.serverCertificate == [[9], [10]])
        #expect(log.state.members.values.map(\.name) == ["m1"])
        #expect(log.state.signingKeys["k0"]?.state == .active)
        #expect(log.state.signingKeys["k0"]?.version == LogIndex(1))
    }

    @Test("a cluster is founded once")
    func foundedOnce() {
        var log = Log.founded()
        #expect(log.apply(.foundCluster(Fixtures.founding())).refusal == .clusterExists)
    }

    @Test("the feature level only rises, is stored with the state, and a member that does not know it may not join")
    func featureLevel() throws {
        var log = logWithToken()
        #expect(log.state.featureLevel == TrustState.firstFeatureLevel)
        #expect(log.apply(.raiseFeatureLevel(TrustState.firstFeatureLevel)).refusal == .invalid)
        #expect(log.apply(.raiseFeatureLevel(3)).refusal == nil)
        #expect(log.apply(.raiseFeatureLevel(2)).refusal == .invalid)
        #expect(try log.reloaded().featureLevel == 3)
        #expect(log.apply(.joinMember(Fixtures.join())).refusal == .memberTooOld)
    }

    @Test("a founding refused half-way leaves nothing")
    func foundingIsAtomic() {
        var log = Log()
        let twice = Fixtures.founding(keys: [Fixtures.key("k"), Fixtures.key("k")])
        let transition = log.apply(.foundCluster(twice))
        #expect(transition.refusal == .signingKeyExists)
        #expect(log.state.cluster == nil && log.state.members.isEmpty && log.state.signingKeys.isEmpty)
        #expect(Set(transition.changes.map(\.collection)) == [.meta, .requests])
    }

    @Test("nothing else is done before the founding", arguments: Fixtures.allBodies.dropFirst())
    func notFounded(body: CommandBody) {
        var log = Log()
        #expect(log.apply(body).refusal == .clusterNotFounded)
    }

    @Test("a join takes the token and adds the member, together")
    func join() throws {
        var log = logWithToken()
        let transition = log.apply(.joinMember(Fixtures.join()), after: 2_000)
        #expect(transition.result == CommandResult(id: Fixtures.memberID(2).description, index: LogIndex(3)))
        let member = try #require(log.state.members[Fixtures.memberID(2)])
        #expect(member.joinedAt == Fixtures.startSeconds + 2)
        #expect(log.state.joinTokens.isEmpty)
        #expect(Set(transition.changes.map(\.collection)) == [.meta, .requests, .members, .joinTokens])
    }

    @Test("the same machine asking again, under a new request, gets the same success")
    func joinRepeated() {
        var log = logWithToken()
        let first = log.apply(.joinMember(Fixtures.join()))
        let members = log.state.members
        let second = log.apply(.joinMember(Fixtures.join()))
        #expect(second.outcome == first.outcome && !second.isRepeat)
        #expect(log.state.members == members)
    }

    @Test("a used token admits nobody else: another key, another id or both")
    func tokenUsedOnce() {
        var log = logWithToken()
        log.apply(.joinMember(Fixtures.join()))
        let others = [
            Fixtures.member(3, name: "m2"), Fixtures.member(2, key: 99), Fixtures.member(3, name: "m2", key: 2),
        ]
        for other in others {
            #expect(log.apply(.joinMember(Fixtures.join("t1", secret: 1, other))).refusal == .joinTokenUsed)
        }
        #expect(log.state.members.count == 2)
    }

    @Test("a removed member's key does not come back with its used token")
    func removedStaysOut() {
        var log = logWithToken()
        log.apply(.joinMember(Fixtures.join()))
        log.remove(2)
        #expect(log.state.removedMember(publicKey: Fixtures.member(2, name: "m2").publicKey)?.name == "m2")
        #expect(log.apply(.joinMember(Fixtures.join())).refusal == .memberRemoved)
        log.apply(.addJoinToken(Fixtures.joinToken("t2", secret: 2)))
        #expect(log.apply(.joinMember(Fixtures.join("t2", secret: 2))).refusal == .memberRemoved, "a new token does not bring a key back")
        let renewed = Fixtures.member(3, name: "m2")
        #expect(log.apply(.joinMember(Fixtures.join("t2", secret: 2, renewed))).result != nil, "the name is free for a new machine")
        #expect(log.state.members.count == 2)
    }

    @Test("one wrong byte of the secret, anywhere, is refused and keeps the token", arguments: [0, 15, 31])
    func wrongSecret(position: Int) {
        var log = logWithToken()
        var join = Fixtures.join()
        join.secretHash[position] ^= 0x80
        #expect(log.apply(.joinMember(join)).refusal == .joinTokenMismatch)
        #expect(log.state.joinTokens["t1"] != nil && log.state.members.count == 1)
    }

    @Test("a token for one name does not admit another")
    func wrongName() {
        var log = logWithToken()
        #expect(
            log.apply(.joinMember(Fixtures.join("t1", secret: 1, Fixtures.member(2, name: "m3")))).refusal == .joinTokenMismatch)
    }

    @Test("a token works until the second before its expiry, by the leaders' time")
    func expiry() {
        for (seconds, expected) in [(Fixtures.hour - 1, nil), (Fixtures.hour, RefusalCode.joinTokenExpired)] {
            var log = logWithToken()
            #expect(log.apply(.joinMember(Fixtures.join()), after: seconds * 1_000).refusal == expected)
        }
    }

    @Test("an expired token with a wrong secret tells nothing of the expiry")
    func expiryIsNotTold() {
        var log = logWithToken()
        #expect(log.apply(.joinMember(Fixtures.join(secret: 2)), after: 1 << 40).refusal == .joinTokenMismatch)
    }

    @Test("a clock set back does not revive a token")
    func clockSetBack() {
        var log = logWithToken()
        log.apply(.removeJoinToken(id: "x"), after: Fixtures.hour * 1_000)
        #expect(log.apply(.joinMember(Fixtures.join()), after: -Fixtures.hour * 1_000).refusal == .joinTokenExpired)
    }

    @Test("an id or key that is a member's admits no second member, with a good token of its own")
    func identityTaken() {
        var log = logWithToken()
        #expect(
            log.apply(.joinMember(Fixtures.join("t1", Fixtures.member(1, name: "m2", key: 50)))).refusal == .memberIDTaken)
        #expect(
            log.apply(.joinMember(Fixtures.join("t1", Fixtures.member(2, name: "m2", key: 1)))).refusal == .memberKeyTaken)
        #expect(log.state.joinTokens["t1"] != nil)
    }

    @Test("a newer token for a name cancels the older one")
    func tokenReplaced() {
        var log = logWithToken()
        log.apply(.addJoinToken(Fixtures.joinToken("t2", secret: 2)))
        #expect(log.state.joinTokens.keys.sorted() == ["t2"])
        #expect(log.apply(.joinMember(Fixtures.join())).refusal == .joinTokenUnknown)
        #expect(log.apply(.joinMember(Fixtures.join("t2", secret: 2))).result != nil)
    }

    @Test("no token for a name that is a member's, nor under an id in use, nor one that is expired already")
    func tokenRefused() {
        var log = logWithToken()
        #expect(log.apply(.addJoinToken(Fixtures.joinToken("t9", for: "m1"))).refusal == .memberNameTaken)
        #expect(log.apply(.addJoinToken(Fixtures.joinToken("t1", for: "m9"))).refusal == .joinTokenExists)
        #expect(log.apply(.addJoinToken(Fixtures.joinToken("t9", for: "m9", in: 0))).refusal == .joinTokenExpired)
    }

    @Test("the last member cannot be removed, others can")
    func removal() {
        var log = logWithToken()
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(1), isLeaving: true))).refusal == .memberIsLast)
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(9), isLeaving: true))).refusal == .memberUnknown)
        log.apply(.joinMember(Fixtures.join()))
        #expect(log.apply(.removeMember(removal(1))).refusal == .memberChanged, "nobody asked for it")
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(1), isLeaving: true))).result != nil)
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(2), isLeaving: true))).refusal == .memberIsLast, "two at once")
        #expect(log.apply(.removeMember(removal(1))).result != nil)
        #expect(log.state.members.keys.map(\.low) == [2] && log.state.removedMembers.keys.map(\.low) == [1])
    }

    private func removal(_ number: UInt64) -> RemoveMember {
        RemoveMember(Fixtures.memberID(number), keepUntil: Fixtures.startSeconds + Fixtures.hour)
    }

    @Test("a removal that was taken back is not finished by a late proposal")
    func removalTakenBack() {
        var log = logWithToken()
        log.apply(.joinMember(Fixtures.join()))
        log.apply(.changeMember(ChangeMember(Fixtures.memberID(2), isLeaving: true)))
        log.apply(.changeMember(ChangeMember(Fixtures.memberID(2), isLeaving: false)))
        #expect(log.apply(.removeMember(removal(2))).refusal == .memberChanged)
        #expect(log.state.members.count == 2)
    }

    @Test("a removed member is remembered until its certificate has expired")
    func removedForgotten() throws {
        var log = logWithToken()
        log.apply(.joinMember(Fixtures.join()))
        log.remove(2)
        #expect(try log.reloaded().removedMembers.count == 1)
        log.apply(.forgetIssuedCertificates, after: (Fixtures.hour - 1) * 1_000)
        #expect(log.state.removedMembers.count == 1)
        log.apply(.forgetIssuedCertificates, after: 2_000)
        #expect(log.state.removedMembers.isEmpty)
    }

    @Test("many that were removed by one entry are forgotten in one order, in every process")
    func forgottenInOrder() {
        var log = Log.founded()
        for number in UInt64(2)...9 {
            log.apply(.addJoinToken(Fixtures.joinToken("t\(number)", for: "m\(number)")))
            log.apply(.joinMember(Fixtures.join("t\(number)", Fixtures.member(number))))
        }
        log.apply(.rebuildCluster(RebuildCluster(origin: .survivor, member: Fixtures.member(1))))
        #expect(log.state.removedMembers.count == 8)
        let forgotten = log.apply(.forgetIssuedCertificates, after: 400 * 86_400 * 1_000)
        let keys = forgotten.changes.filter { $0.collection == .removedMembers }.map(\.key)
        #expect(keys.count == 8 && keys == keys.sorted())
    }

    @Test("a renewal of the certificate for clients gives way to one that an operator brought meanwhile")
    func renewalGivesWay() throws {
        var log = Log.founded()
        let shown = try #require(log.state.cluster?.serverCertificate.first)
        func new(_ byte: UInt8, former: [UInt8]?) -> CommandBody {
            .setServerCertificate(
                SetServerCertificate(chain: [[byte]], sealedKey: [byte], isOperators: former == nil, fingerprint: Fixtures.fingerprint("a"), former: former))
        }
        #expect(log.apply(new(1, former: nil)).refusal == nil)
        #expect(log.apply(new(2, former: shown)).refusal == .memberChanged)
        #expect(log.state.cluster?.serverCertificate == [[1]] && log.state.cluster?.isServerCertificateOperators == true)
        #expect(log.apply(new(3, former: [1])).refusal == nil)
        #expect(try log.reloaded().cluster?.serverCertificate == [[3]])
    }

    @Test("a certificate is renewed for the key that the member has, and no other")
    func renewalOfMember() throws {
        var log = Log.founded()
        let member = try #require(log.state.members[Fixtures.memberID(1)])
        let foreign = RenewMemberCertificate(member.id, publicKey: [99], certificate: [5])
        #expect(log.apply(.renewMemberCertificate(foreign)).refusal == .memberChanged)
        #expect(log.apply(.renewMemberCertificate(RenewMemberCertificate(member.id, publicKey: member.publicKey, certificate: [5]))).refusal == nil)
        #expect(try log.reloaded().members[member.id]?.certificate == [5])
    }

    @Test("a removed member is remembered with the certificates that were renewed and would still hold, a bounded number")
    func formerCertificates() throws {
        var log = logWithToken()
        log.apply(.joinMember(Fixtures.join()))
        let member = try #require(log.state.members[Fixtures.memberID(2)])
        func renew(_ serial: UInt8, until expiresAt: Int64) {
            let renewal = RenewMemberCertificate(
                member.id, publicKey: member.publicKey, certificate: [5], former: FormerCertificateRecord(serial: [serial], expiresAt: expiresAt))
            #expect(log.apply(.renewMemberCertificate(renewal)).refusal == nil)
        }
        renew(1, until: Fixtures.startSeconds - 1)
        renew(2, until: Fixtures.startSeconds + Fixtures.hour)
        #expect(try log.reloaded().members[member.id]?.formerCertificates.map(\.serial) == [[2]])
        for serial in UInt8(3)...10 { renew(serial, until: Fixtures.startSeconds + Fixtures.hour) }
        log.remove(2)
        let serials = try log.reloaded().removedMembers[member.id]?.formerCertificates.map(\.serial)
        #expect(serials == (UInt8(3)...10).map { [$0] })
    }

    @Test("a change that was decided by an older record is refused, whichever arrives second")
    func changedMeanwhile() throws {
        var log = logWithToken()
        log.apply(.joinMember(Fixtures.join()))
        let version = try #require(log.state.members[Fixtures.memberID(2)]).version
        let first = ChangeMember(Fixtures.memberID(2), expectedVersion: version, summary: "first")
        let second = ChangeMember(Fixtures.memberID(2), expectedVersion: version, summary: "second")
        #expect(log.apply(.changeMember(first)).refusal == nil)
        #expect(log.apply(.changeMember(second)).refusal == .memberChanged)
        #expect(try log.reloaded().members[Fixtures.memberID(2)]?.summary == "first")
    }

    @Test("a new name is free, and cancels a join token for it")
    func renamed() {
        var log = logWithToken()
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(1), name: "m2"))).result != nil)
        #expect(log.state.joinTokens.isEmpty && log.state.member(named: "m2")?.id == Fixtures.memberID(1))
        log.apply(.addJoinToken(Fixtures.joinToken("t3", for: "m3")))
        log.apply(.joinMember(Fixtures.join("t3", Fixtures.member(3, name: "m3"))))
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(3), name: "m2"))).refusal == .memberNameTaken)
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(3), name: "a b"))).refusal == .memberNameInvalid)
        #expect(log.apply(.changeMember(ChangeMember(Fixtures.memberID(3), name: "m3"))).result != nil, "its own name is no other's")
    }

    @Test("somebody must be left who may vote, and no more are set to vote than there are votes")
    func roles() {
        var log = logWithToken()
        log.apply(.changeSettings(SettingsChange(votersMax: 1)))
        log.apply(.joinMember(Fixtures.join()))
        let (one, two) = (Fixtures.memberID(1), Fixtures.memberID(2))
        #expect(log.apply(.changeMember(ChangeMember(one, role: .replica))).refusal == nil)
        #expect(log.apply(.changeMember(ChangeMember(two, role: .replica))).refusal == .memberRole)
        #expect(log.apply(.changeMember(ChangeMember(two, isLeaving: true))).refusal == .memberRole)
        #expect(log.apply(.changeMember(ChangeMember(one, role: .voter))).refusal == nil)
        #expect(log.apply(.changeMember(ChangeMember(two, role: .voter))).refusal == .memberRole)
    }

    @Test("addresses are replaced as a whole, for members only")
    func addresses() {
        var log = Log.founded()
        let new = ["[2001:db8::1]:8443"]
        #expect(log.apply(.changeMemberAddresses(member: Fixtures.memberID(1), addresses: new)).result != nil)
        #expect(log.state.members[Fixtures.memberID(1)]?.addresses == new)
        #expect(log.apply(.changeMemberAddresses(member: Fixtures.memberID(5), addresses: new)).refusal == .memberUnknown)
    }
}
