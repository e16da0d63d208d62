import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Certificates that the cluster issues, and its own list")
struct IssuingCommandTests {
    private let f = Fixtures.fingerprint("f")

    @Test("issued and trusted in one entry, or neither")
    func issued() throws {
        var log = Log.founded()
        #expect(log.apply(.issueCertificate(Fixtures.issued("f"))).result?.id == f)
        #expect(log.state.certificates[f] != nil && log.state.issuedCertificates[f]?.serial == [1, 0x66])
        #expect(log.apply(.issueCertificate(Fixtures.issued("f"))).refusal == .certificateExists)
        log.apply(.addCertificate(Fixtures.certificate("a")))
        #expect(log.apply(.issueCertificate(Fixtures.issued("a"))).refusal == .certificateExists)
        #expect(log.state.issuedCertificates.count == 1)
        #expect(try log.reloaded() == log.state)
    }

    @Test("what was issued stays on record when it is no longer trusted, and until some days after its end")
    func kept() throws {
        var log = Log.founded()
        log.apply(.issueCertificate(Fixtures.issued("f")))
        log.apply(.removeCertificate(fingerprint: f, expectedVersion: nil))
        log.apply(.forgetIssuedCertificates)
        #expect(log.state.issuedCertificates[f] != nil)
        let end = (Fixtures.hour + IssuedCertificateRecord.keptSeconds) * 1_000
        log.apply(.forgetIssuedCertificates, after: end)
        #expect(log.state.issuedCertificates[f] != nil)
        log.apply(.forgetIssuedCertificates, after: 1_000)
        #expect(log.state.issuedCertificates.isEmpty)
        #expect(try log.reloaded() == log.state)
    }

    @Test("a serial number has 1 to 20 octets")
    func serials() {
        for (count, expected) in [(0, RefusalCode?.some(.invalid)), (1, nil), (20, nil), (21, .invalid)] {
            var log = Log.founded()
            var issued = Fixtures.issued("f")
            issued.serial = Array(repeating: 1, count: count)
            #expect(log.apply(.issueCertificate(issued)).refusal == expected)
        }
    }

    @Test("of two lists of one number the first stays, and numbers have no gaps")
    func numbers() {
        var log = Log.founded()
        #expect(log.apply(.publishClusterList(Fixtures.clusterList(2))).refusal == .revocationListOlder)
        #expect(log.apply(.publishClusterList(Fixtures.clusterList(1))).refusal == nil)
        var other = Fixtures.clusterList(1)
        other.der = [0x30, 1, 1]
        #expect(log.apply(.publishClusterList(other)).refusal == .revocationListOlder)
        #expect(log.apply(.publishClusterList(Fixtures.clusterList(2, at: Fixtures.startSeconds - 1))).refusal == .revocationListOlder)
        #expect(log.apply(.publishClusterList(Fixtures.clusterList(2))).refusal == nil)
        #expect(log.state.clusterList?.number == 2)
    }

    @Test("in an overlap both lists share that bound")
    func bothLists() {
        for (excess, expected) in [(0, RefusalCode?.none), (1, .invalid)] {
            var list = Fixtures.clusterList(1)
            list.der = Array(repeating: 255, count: StateLimits.clusterListBytesMax / 2)
            list.formerDER = Array(repeating: 255, count: StateLimits.clusterListBytesMax - list.der.count + excess)
            var log = Log.founded()
            #expect(log.apply(.publishClusterList(list)).refusal == expected)
        }
        var empty = Fixtures.clusterList(1)
        empty.formerDER = []
        var log = Log.founded()
        #expect(log.apply(.publishClusterList(empty)).refusal == .invalid)
    }

    @Test("the cluster's list fits into one proposal at its bound, and is refused one above")
    func listBound() throws {
        for (count, expected) in [(StateLimits.clusterListBytesMax, RefusalCode?.none), (StateLimits.clusterListBytesMax + 1, .invalid)] {
            var list = Fixtures.clusterList(1)
            list.der = Array(repeating: 255, count: count)
            var log = Log.founded()
            #expect(log.apply(.publishClusterList(list)).refusal == expected)
            guard expected == nil else { continue }
            let proposal = TrustStore.Proposal(requestID: RequestID(high: 1, low: 1), proposedAfter: .max, actor: Fixtures.actor, body: .publishClusterList(list))
            #expect(try TrustStore.Proposal(decoding: proposal.encode()) == proposal)
        }
    }
}
