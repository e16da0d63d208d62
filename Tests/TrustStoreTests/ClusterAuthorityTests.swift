import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("A new CA of the cluster")
struct ClusterAuthorityTests {
    private func rotated() -> Log {
        var log = Log.founded()
        log.apply(.rotateAuthority(Fixtures.newAuthority()))
        return log
    }

    @Test("it issues from then on, the former one is kept for the overlap, and clients see its certificate until then")
    func rotation() throws {
        let log = rotated()
        for state in [log.state, try log.reloaded()] {
            let cluster = try #require(state.cluster)
            #expect(cluster.caCertificate == [20] && cluster.sealedCAKey == [20, 1] && cluster.caSince == Fixtures.startSeconds)
            let former = FormerAuthorityRecord(certificate: [7], sealedKey: [8], overlapEndsAt: Fixtures.startSeconds + Fixtures.hour)
            #expect(cluster.formerAuthority == former)
            #expect(cluster.serverCertificate == [[9], [10]])
        }
    }

    @Test("one overlap at a time, and of two rotations at the same moment one")
    func oneAtATime() {
        var log = rotated()
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(21))).refusal == .authorityOverlaps)
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(21, after: [20]))).refusal == .authorityOverlaps)
        log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [9], chain: [[21], [20]])))
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(21))).refusal == .authorityOverlaps, "decided by an older CA")
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(21, after: [20]))).refusal == nil)
    }

    @Test("at the end of the overlap the former CA and its key are gone, and clients see the new certificate")
    func end() throws {
        var log = rotated()
        #expect(log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [20], shown: [9], chain: nil))).refusal == .authorityUnknown)
        #expect(log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [99], chain: [[21]]))).refusal == .memberChanged)
        #expect(log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [9], chain: [[21], [20]]))).refusal == nil)
        #expect(log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [21], chain: nil))).refusal == .authorityUnknown)
        let cluster = try #require(try log.reloaded().cluster)
        #expect(cluster.formerAuthority == nil && cluster.serverCertificate == [[21], [20]] && cluster.caCertificate == [20])
    }

    @Test("an operator's own certificate stays when the overlap ends")
    func operators() throws {
        var log = rotated()
        log.apply(.setServerCertificate(SetServerCertificate(chain: [[1]], sealedKey: [3], isOperators: true, fingerprint: Fixtures.fingerprint("a"))))
        #expect(log.state.cluster?.shownAuthority == [20])
        #expect(log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [1], chain: nil))).refusal == nil)
        #expect(try log.reloaded().cluster?.serverCertificate == [[1]])
    }

    @Test("in an overlap clients need the CA that issued what they see")
    func shownAuthority() {
        var log = Log.founded()
        #expect(log.state.cluster?.shownAuthority == [7])
        let chain = SetServerCertificate(chain: [[9], [7]], sealedKey: [3], isOperators: false, fingerprint: Fixtures.fingerprint("a"))
        log.apply(.setServerCertificate(chain))
        log.apply(.rotateAuthority(Fixtures.newAuthority()))
        #expect(log.state.cluster?.shownAuthority == [7])
        log.apply(.endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [9], chain: [[21], [20]])))
        #expect(log.state.cluster?.shownAuthority == [20])
    }

    @Test("neither CA of the cluster can be made an authority for clients, and none of those the cluster's CA")
    func noAuthorityForClients() {
        var log = rotated()
        for byte in [UInt8(7), 20] {
            var own = Fixtures.authority("c")
            own.certificate = [byte]
            #expect(log.apply(.addAuthority(own)).refusal != nil, "\(byte)")
        }
        log = Log.founded()
        #expect(log.apply(.addAuthority(Fixtures.authority("9"))).refusal == nil)
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority())).refusal == .authorityExists)
    }

    @Test("an overlap is at most a quarter of a year")
    func bounds() {
        var log = Log.founded()
        let max = RotateAuthority.overlapSecondsRange.upperBound
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(overlap: max + 1))).refusal == .invalid)
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(overlap: -1))).refusal == .invalid)
        #expect(log.apply(.rotateAuthority(Fixtures.newAuthority(overlap: max))).refusal == nil)
    }

    @Test("the data key changes in an overlap only together with the former CA's seal")
    func dataKey() throws {
        var log = rotated()
        var rotation = Fixtures.rotation(signing: ["k0"])
        rotation.caCertificate = [20]
        #expect(log.apply(.rotateDataKey(rotation)).refusal == .dataKeyChanged)
        rotation.sealedFormerCAKey = Fixtures.dataKeyID(1) + [5]
        #expect(log.apply(.rotateDataKey(rotation)).refusal == nil)
        #expect(try log.reloaded().cluster?.formerAuthority?.sealedKey == Fixtures.dataKeyID(1) + [5])
    }
}
