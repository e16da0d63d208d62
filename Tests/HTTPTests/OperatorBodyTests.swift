import Crypto
import EventLoop
import HTTP
import Testing

@Suite("Long bodies")
struct OperatorBodyTests {
    @Test("are for root and the daemon's user on the Unix socket, whom the kernel names, and for nobody else")
    func limits() {
        var settings = HTTPServerSettings()
        settings.operatorUserIDs = [0, 4242]
        func bytesMax(_ kind: ConnectionInfo.Kind) -> Int {
            settings.limits(for: ConnectionInfo(kind: kind, peerAddress: nil)).bodyBytesMax
        }
        func peer(_ userID: UInt32) -> PeerCredentials { PeerCredentials(userID: userID, groupID: 0, processID: 1) }
        #expect(bytesMax(.unix(peer(0))) == settings.operatorBodyBytesMax && bytesMax(.unix(peer(4242))) == settings.operatorBodyBytesMax)
        for kind in [ConnectionInfo.Kind.unix(peer(1)), .unix(nil), .clear, .tls(clientCertificate: nil)] {
            #expect(bytesMax(kind) == HTTPLimits().bodyBytesMax)
        }
    }

    @Test("what a client sends with its certificate is kept up to a bound")
    func intermediates() throws {
        let key = try PrivateKey.generate(.p256)
        let one = try Certificate.issue(
            CertificateTemplate(commonName: "ca", notBeforeAt: 0, notAfterAt: 1_000, isAuthority: true), publicKey: key.publicKey, issuer: nil, key: key)
        func kept(_ count: Int) -> Int {
            ConnectionInfo(kind: .tls(clientCertificate: one), peerAddress: nil, intermediates: Array(repeating: one, count: count)).intermediates.count
        }
        #expect(kept(ConnectionInfo.intermediatesMax) == ConnectionInfo.intermediatesMax)
        #expect(kept(ConnectionInfo.intermediatesMax + 1) == ConnectionInfo.intermediatesMax)
        let names = (0..<200).map { "a-rather-long-name-of-a-machine-\($0).example.test" }
        let large = try Certificate.issue(
            CertificateTemplate(commonName: "ca", notBeforeAt: 0, notAfterAt: 1_000, dnsNames: names, isAuthority: true), publicKey: key.publicKey,
            issuer: nil, key: key)
        let info = ConnectionInfo(kind: .tls(clientCertificate: one), peerAddress: nil, intermediates: Array(repeating: large, count: 8))
        #expect(info.intermediates.count == ConnectionInfo.intermediateBytesMax / large.der.count && info.intermediates.count < 8)
    }
}
