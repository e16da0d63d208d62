import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Rotation of the data key")
struct DataKeyTests {
    private func rotate(_ log: inout Log, _ rotation: RotateDataKey) -> RefusalCode? { log.apply(.rotateDataKey(rotation)).refusal }

    @Test("every secret is there under the new key, and each member has its envelope, also after a restart")
    func replaced() throws {
        var log = Log.founded()
        log.apply(.importKey(Fixtures.imported("i1")))
        #expect(rotate(&log, Fixtures.rotation(signing: ["k0"], imported: ["i1"])) == nil)
        for state in [log.state, try log.reloaded()] {
            let cluster = try #require(state.cluster)
            #expect(cluster.dataKeyID == Fixtures.dataKeyID(1) && cluster.dataKeySince == Fixtures.startSeconds)
            #expect(cluster.sealedCAKey == Fixtures.dataKeyID(1) + [3] && cluster.sealedServerKey == Fixtures.dataKeyID(1) + [4])
            #expect(state.signingKeys["k0"]?.sealedPrivateKey == Fixtures.dataKeyID(1) + [1])
            #expect(state.importedKeys["i1"]?.sealedSecret == Fixtures.dataKeyID(1) + [2])
            #expect(state.members[Fixtures.memberID(1)]?.sealedDataKey == [1, 1])
        }
    }

    @Test("a secret that was sealed under the former key is refused from then on, whatever it is for")
    func lateSecrets() {
        var log = Log.founded()
        #expect(rotate(&log, Fixtures.rotation(signing: ["k0"])) == nil)
        #expect(log.apply(.addSigningKey(Fixtures.key("k1"))).refusal == .dataKeyChanged)
        #expect(log.apply(.importKey(Fixtures.imported("i1"))).refusal == .dataKeyChanged)
        let certificate = SetServerCertificate(chain: [[1]], sealedKey: [3], isOperators: true, fingerprint: Fixtures.fingerprint("a"))
        #expect(log.apply(.setServerCertificate(certificate)).refusal == .dataKeyChanged)
        var key = Fixtures.key("k1")
        key.sealedPrivateKey = Fixtures.dataKeyID(1) + [9]
        #expect(log.apply(.addSigningKey(key)).refusal == nil)
    }

    @Test("of two rotations at the same moment one is made")
    func race() {
        var log = Log.founded()
        #expect(rotate(&log, Fixtures.rotation(1, signing: ["k0"])) == nil)
        #expect(rotate(&log, Fixtures.rotation(2, signing: ["k0"])) == .dataKeyChanged)
        #expect(rotate(&log, Fixtures.rotation(2, after: 1, signing: ["k0"])) == nil)
        #expect(log.state.cluster?.dataKeyID == Fixtures.dataKeyID(2))
    }

    @Test("a key, a member or a certificate that came or went meanwhile refuses it, and nothing has changed")
    func meanwhile() {
        var log = Log.founded()
        log.apply(.addSigningKey(Fixtures.key("k1")))
        log.apply(.importKey(Fixtures.imported("i1")))
        let before = log.state
        var other = Fixtures.rotation(signing: ["k0", "k1"], imported: ["i1"])
        other.caCertificate = [99]
        var shown = Fixtures.rotation(signing: ["k0", "k1"], imported: ["i1"])
        shown.serverCertificate = [99]
        let attempts = [
            Fixtures.rotation(signing: ["k0"], imported: ["i1"]), Fixtures.rotation(signing: ["k0", "k1", "k2"], imported: ["i1"]),
            Fixtures.rotation(signing: ["k0", "k0"], imported: ["i1"]), Fixtures.rotation(signing: ["k0", "k1"]),
            Fixtures.rotation(members: [], signing: ["k0", "k1"], imported: ["i1"]),
            Fixtures.rotation(members: [1, 2], signing: ["k0", "k1"], imported: ["i1"]),
            Fixtures.rotation(members: [2], signing: ["k0", "k1"], imported: ["i1"]), other, shown,
        ]
        for attempt in attempts { #expect(rotate(&log, attempt) == .dataKeyChanged) }
        #expect(log.state.signingKeys == before.signingKeys && log.state.members == before.members && log.state.cluster == before.cluster)
    }

    @Test("what is not sealed under the new key is refused before anything is looked at")
    func wrongSeal() {
        var log = Log.founded()
        var rotation = Fixtures.rotation(signing: ["k0"])
        rotation.signingKeys[0].sealed = [5, 6]
        #expect(rotate(&log, rotation) == .invalid)
        rotation = Fixtures.rotation(signing: ["k0"])
        rotation.sealedCAKey = Fixtures.dataKeyID(2) + [1]
        #expect(rotate(&log, rotation) == .invalid)
        rotation = Fixtures.rotation(signing: ["k0"])
        rotation.id = []
        #expect(rotate(&log, rotation) == .invalid)
    }

    @Test("a member that joined after a rotation is part of the next one")
    func joinedLater() throws {
        var log = Log.founded()
        #expect(rotate(&log, Fixtures.rotation(1, signing: ["k0"])) == nil)
        log.apply(.addJoinToken(Fixtures.joinToken()))
        log.apply(.joinMember(Fixtures.join()))
        #expect(log.state.members[Fixtures.memberID(2)]?.sealedDataKey == nil)
        #expect(rotate(&log, Fixtures.rotation(2, after: 1, signing: ["k0"])) == .dataKeyChanged)
        #expect(rotate(&log, Fixtures.rotation(2, after: 1, members: [1, 2], signing: ["k0"])) == nil)
        #expect(try log.reloaded().members[Fixtures.memberID(2)]?.sealedDataKey == [2, 2])
    }
}
