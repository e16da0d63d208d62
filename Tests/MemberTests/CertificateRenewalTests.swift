import Crypto
import Testing

@testable import Cluster

@Suite("When a certificate is renewed")
struct CertificateRenewalTests {
    private static let day: Int64 = 86_400

    @Test("each at two thirds of its own term, for ever: a renewed one begins when the first did, and is not due again at once")
    func terms() throws {
        let key = try PrivateKey.generate(.p256)
        let start: Int64 = 1_700_000_000
        var now = start
        var end = start + 365 * Self.day
        for _ in 0..<20 {
            let template = CertificateTemplate(commonName: "m", notBeforeAt: start, notAfterAt: end)
            let certificate = try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)
            #expect(!Node.isRenewalDue(of: certificate, term: 365 * Self.day, at: now + 243 * Self.day))
            #expect(Node.isRenewalDue(of: certificate, term: 365 * Self.day, at: now + 244 * Self.day))
            now += 244 * Self.day
            end = now + 365 * Self.day
        }
    }
}
