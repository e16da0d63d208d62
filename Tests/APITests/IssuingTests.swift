import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Raft
import Testing
import TrustStore

@testable import API

@Suite("Certificates from the cluster's CA", .timeLimit(.minutes(5)))
struct IssuingTests {
    private func request(_ key: PrivateKey) throws -> String {
        PEM.encode(label: "CERTIFICATE REQUEST", try CertificateRequest.make(commonName: "whatever", uriNames: ["credence://x/y"], key: key))
    }

    private func authority(_ served: ServedMember) throws -> Certificate {
        try Certificate(der: #require(served.member.view.state.cluster).caCertificate)
    }

    @Test("signed for the key of the request and nothing else of it, trusted at once, for the days asked")
    func issued() async throws {
        try await ServedMember.with { served async throws in
            let key = try PrivateKey.generate(.p256)
            let body: JSONObject = ["name": "ci", "certificate_request": .string(try request(key)), "days": 3, "restricted": true, "projects": ["p"]]
            let answer = try await served.send("POST", "/1.0/certificates/issue", .object(body), over: ServedMember.root)
            try #require(answer.status == 201, "\(answer)")
            let certificate = try Certificate(pem: #require(answer.metadata["certificate"]?.stringValue))
            #expect(certificate.isIssued(by: try authority(served)) && !certificate.isAuthority)
            #expect(try certificate.publicKey == key.publicKey)
            #expect(certificate.subjectCommonName == "ci" && certificate.uriNames.isEmpty)
            #expect(abs(certificate.notAfterAt - WallClock.nowSeconds() - 3 * 86_400) < 60)
            #expect(certificate.serial.count >= 14 && answer.metadata["serial"] == .string(Hex.encode(certificate.serial)))
            #expect(answer.fields["location"] == "/1.0/certificates/\(certificate.fingerprint)")
            let anchors = try TrustAnchors(anchors: [authority(served)])
            #expect(try anchors.path(from: certificate, sent: [], at: WallClock.nowSeconds()).count == 2)
            #expect(try await served.send("GET", "/1.0/certificates", over: .tlsWith(certificate)).status == 200)
            let refused = try await served.send("POST", "/1.0/certificates/issue", .object(body), over: .tlsWith(certificate))
            #expect(refused.status == 403 && refused.error == "Certificate is restricted")
        }
    }

    @Test("asked again with one Idempotency-Key, the first certificate is the answer")
    func again() async throws {
        try await ServedMember.with { served async throws in
            let body = JSON.object(["name": "ci", "certificate_request": .string(try request(.generate(.p256)))]).encodedString
            var seen: Set<String> = []
            for _ in 0..<2 {
                let answer = try await served.send("POST", "/1.0/certificates/issue", body: body, fields: ["Idempotency-Key: one"], over: ServedMember.root)
                seen.insert(try #require(answer.metadata["fingerprint"]?.stringValue, "\(answer)"))
            }
            #expect(seen.count == 1)
        }
    }

    @Test("a request signed by another key, a weak or unusable key, and days out of bounds are refused")
    func refusals() async throws {
        try await ServedMember.with { served async throws in
            let good = try request(.generate(.p256))
            var forged = try PEM.decode(good)[0].bytes
            forged[forged.count - 1] ^= 1
            let cases: [(JSONObject, String)] = [
                (["name": "ci", "certificate_request": .string(PEM.encode(label: "CERTIFICATE REQUEST", forged))], "certificate_request"),
                (["name": "ci", "certificate_request": .string(WeakCertificate.pem)], "certificate_request"), (["name": "ci"], "certificate_request"),
                (["certificate_request": .string(good)], "name"), (["name": .string(String(repeating: "x", count: 65)), "certificate_request": .string(good)], "64 bytes"),
                (["name": "ci", "certificate_request": .string(good), "days": 0], "days"), (["name": "ci", "certificate_request": .string(good), "days": 826], "days"),
                (["name": "ci", "certificate_request": .string(good), "usage": "ca"], "usage"),
            ]
            for (body, message) in cases {
                let answer = try await served.send("POST", "/1.0/certificates/issue", .object(body), over: ServedMember.root)
                #expect(answer.status == 400 && answer.error.contains(message), "\(answer)")
            }
            #expect(throws: Problem.self) { try CertificateFitness.check(Certificate(pem: WeakCertificate.pem).publicKey) }
            #expect(try await served.send("POST", "/1.0/certificates/issue", ["name": "ci", "certificate_request": .string(good)]).status == 403)
        }
    }

    @Test("the cluster's own CRL names what was revoked of it, and nothing else, with a number that grows")
    func clusterList() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.send("GET", "/crl/cluster.crl").status == 404)
            var issued: [Certificate] = []
            for name in ["one", "two"] {
                let answer = try await served.operate("POST", "/1.0/certificates/issue", ["name": .string(name), "certificate_request": .string(try request(.generate(.p256)))])
                issued.append(try Certificate(pem: #require(answer["certificate"]?.stringValue)))
            }
            let authority = try authority(served)
            let empty = try await self.list(served, count: 0)
            #expect(try RevocationList(empty.body, issuer: authority).number == "1")
            let strange = try TestClient()
            for fingerprint in [issued[1].fingerprint, strange.fingerprint] {
                _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(fingerprint)])
            }
            let answer = try await list(served, count: 1)
            let list = try RevocationList(answer.body, issuer: authority)
            #expect(list.serials.groups.map(\.bytes) == [issued[1].serial])
            #expect(answer.fields["content-type"] == "application/pkix-crl" && answer.fields["etag"] != nil)
            #expect(list.nextUpdateAt > WallClock.nowSeconds() + 6 * 86_400)
            // Not trusted any more is not the same as revoked, and both keep their record.
            _ = try await served.operate("DELETE", "/1.0/certificates/\(issued[0].fingerprint)")
            _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(issued[0].fingerprint)])
            #expect(try RevocationList(try await self.list(served, count: 2).body, issuer: authority).number ?? "0" > list.number ?? "9")
            let shown = try await served.operate("GET", "/1.0/crls").arrayValue?.first
            #expect(shown?["issuer"] == "cluster" && shown?["entries"] == 2)
        }
    }

    /// Waits for the leader to have signed it: each answer waits for an entry.
    private func list(_ served: ServedMember, count: Int64) async throws -> Reception {
        while true {
            let view = served.member.view
            if view.state.clusterList?.count == count { break }
            try await served.member.waitUntilApplied(view.index.next, timeout: .seconds(30))
        }
        return try await served.send("GET", "/crl/cluster.crl")
    }
}
