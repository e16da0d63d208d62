import Crypto
import EventLoop
import Testing
import TrustStore

@testable import Cluster

@Suite("The cluster's own CRL, when it is too long")
struct ClusterListTests {
    @Test("what certainly does not fit is not signed to find out, and what may fit is")
    func mayFit() throws {
        let key = try PrivateKey.generate(.p256)
        let ca = try Certificate.issue(
            CertificateTemplate(commonName: "ca", notBeforeAt: 0, notAfterAt: 4_000_000_000, isAuthority: true), publicKey: key.publicKey,
            issuer: nil, key: key)
        func bytes(_ count: Int, serialOctets: Int) throws -> Int {
            let serials = (1...count).map { number in
                [1] + Array(repeating: 7, count: serialOctets - 3) + [UInt8(number >> 8), UInt8(number & 255)] as [UInt8]
            }
            return try RevocationListDraft(number: 1, thisUpdateAt: 10, nextUpdateAt: 20, serials: serials).signed(by: key, issuer: ca).count
        }
        let certainlyTooMany = (1...).first { !ClusterList.mayFit($0) } ?? 0
        #expect(try bytes(certainlyTooMany, serialOctets: 3) > StateLimits.clusterListBytesMax)
        // As the cluster's CA numbers what it issues.
        #expect(ClusterList.mayFit(5_000))
        #expect(try bytes(5_000, serialOctets: 16) <= StateLimits.clusterListBytesMax)
    }

    @Test("after an attempt that came to nothing there is none for ten minutes")
    func holdBack() {
        let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
        var hold = HoldBack()
        #expect(!hold.isOn(now: start))
        hold.begin(now: start)
        #expect(hold.isOn(now: start) && hold.isOn(now: start + .seconds(599)))
        #expect(!hold.isOn(now: start + .seconds(600)))
    }
}
