import Crypto
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Testing

@testable import API

@Suite("Authorities over the API", .timeLimit(.minutes(5)))
struct AuthorityTests {
    private struct PKI {
        let key: PrivateKey
        let authority: Certificate
        let client: Certificate

        init() throws {
            let now = WallClock.nowSeconds()
            key = try .generate(.p256)
            authority = try Certificate.issue(
                CertificateTemplate(commonName: "Office CA", notBeforeAt: now - 60, notAfterAt: now + 86_400, isAuthority: true),
                publicKey: key.publicKey, issuer: nil, key: key)
            client = try Certificate.issue(
                CertificateTemplate(commonName: "ci", notBeforeAt: now - 60, notAfterAt: now + 3_600, usages: [.clientAuth]),
                publicKey: PrivateKey.generate(.p256).publicKey, issuer: authority, key: key)
        }

        var path: String { "/1.0/authorities/\(authority.fingerprint)" }
    }

    private func add(_ pki: PKI, _ served: ServedMember, _ more: JSONObject = [:]) async throws {
        var body: JSONObject = ["certificate": .string(pki.authority.pem)]
        for member in more.members { body[member.name] = member.value }
        let answer = try await served.send("POST", "/1.0/authorities", .object(body), over: ServedMember.root)
        try #require(answer.status == 201, "\(answer)")
        #expect(answer.fields["location"] == pki.path)
    }

    @Test("its clients are trusted without an entry, and on an open connection no more once it is removed")
    func vouches() async throws {
        try await ServedMember.with { served async throws in
            let pki = try PKI()
            let own = ServedMember.Channel.tlsWith(pki.client)
            #expect(try await served.send("GET", "/1.0", over: own).metadata["auth"] == "untrusted")
            try await add(pki, served)
            let whoAmI = try await served.send("GET", "/1.0", over: own).metadata
            #expect(whoAmI["auth"] == "trusted" && whoAmI["auth_user_method"] == "tls")
            #expect(whoAmI["auth_user_name"] == .string(pki.client.fingerprint))
            #expect(try await served.send("POST", "/1.0/keys", ["algorithm": "EdDSA"], over: own).status == 201)
            #expect(try await served.send("POST", "/1.0/authorities", ["certificate": .string(pki.authority.pem)], over: own).status == 409)
            _ = try await served.operate("DELETE", pki.path)
            #expect(try await served.send("GET", "/1.0", over: own).metadata["auth"] == "untrusted")
            #expect(try await served.send("GET", "/1.0/certificates", over: own).status == 403)
        }
    }

    @Test("a restricted authority vouches for restricted clients, one for metrics for none here, and an entry wins")
    func conditions() async throws {
        try await ServedMember.with { served async throws in
            let (restricted, metrics) = try (PKI(), PKI())
            try await add(restricted, served, ["restricted": true, "projects": ["p"]])
            try await add(metrics, served, ["type": "metrics"])
            let own = ServedMember.Channel.tlsWith(restricted.client)
            #expect(try await served.send("GET", "/1.0/certificates", over: own).status == 200)
            let refused = try await served.send("POST", "/1.0/keys", ["algorithm": "EdDSA"], over: own)
            #expect(refused.status == 403 && refused.error == "Certificate is restricted")
            #expect(try await served.send("GET", "/1.0/authorities", over: own).status == 403)
            #expect(try await served.send("GET", "/1.0", over: .tlsWith(metrics.client)).metadata["auth"] == "untrusted")
            _ = try await served.operate("POST", "/1.0/certificates", ["type": "client", "certificate": .string(restricted.client.pem)])
            #expect(try await served.send("POST", "/1.0/keys", ["algorithm": "EdDSA"], over: own).status == 201)
            _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(restricted.client.fingerprint)])
            #expect(try await served.send("GET", "/1.0", over: own).metadata["auth"] == "untrusted")
        }
    }

    @Test("what is named of it changes, and the rest stays; what its CRL's address may not be is said")
    func changes() async throws {
        try await ServedMember.with { served async throws in
            let pki = try PKI()
            try await add(pki, served, ["crl_url": "http://ca.example/ca.crl", "crl_refresh_seconds": 60])
            let first = try await served.operate("GET", pki.path)
            #expect(first["crl_url"] == "http://ca.example/ca.crl" && first["crl_refresh_seconds"] == 60)
            let changed = try await served.operate("PATCH", pki.path, ["name": "n", "restricted": true, "projects": ["p"], "crl_overdue": "warn"])
            #expect(changed["name"] == "n" && changed["restricted"] == true && changed["crl_overdue"] == "warn", "\(changed)")
            #expect(changed["crl_url"] == "http://ca.example/ca.crl")
            let own = ServedMember.Channel.tlsWith(pki.client)
            #expect(try await served.send("POST", "/1.0/keys", ["algorithm": "EdDSA"], over: own).error == "Certificate is restricted")
            let cleared = try await served.operate("PATCH", pki.path, ["crl_url": "", "crl_refresh_seconds": 0])
            #expect(cleared["crl_url"] == .null && cleared["crl_refresh_seconds"] == 3_600 && cleared["crl_fetch"] == .null && cleared["name"] == "n")
            for (body, message) in [
                (["crl_url": "https://ca.example/"], "must begin with http://"), (["crl_url": "http://"], "must name a host"),
                (["crl_refresh_seconds": 9], "10 to 604800"), (["crl_refresh_seconds": 604_801], "604800"), (["type": "metrics"], "\"type\""), (["name": ""], "\"name\""),
            ] as [(JSON, String)] {
                let answer = try await served.send("PATCH", pki.path, body, over: ServedMember.root)
                #expect(answer.status == 400 && answer.error.contains(message), "\(answer)")
            }
            #expect(try await served.send("PATCH", pki.path, ["name": "x"]).status == 403)
            #expect(try await served.send("PATCH", "/1.0/authorities/00ff", ["name": "x"], over: ServedMember.root).status == 404)
        }
    }

    @Test("a fetch is for administrators, needs an address, and says what failed")
    func fetch() async throws {
        try await ServedMember.with { served async throws in
            let pki = try PKI()
            try await add(pki, served)
            #expect(try await served.send("POST", pki.path + "/crl/fetch").status == 403)
            let nowhere = try await served.send("POST", pki.path + "/crl/fetch", over: ServedMember.root)
            #expect(nowhere.status == 409 && nowhere.error.contains("crl_url"), "\(nowhere)")
            // Reserved by RFC 2606: there never is such a host.
            _ = try await served.operate("PATCH", pki.path, ["crl_url": "http://ca.invalid/ca.crl", "crl_refresh_seconds": 604_800])
            var failed = try await served.send("POST", pki.path + "/crl/fetch", over: ServedMember.root)
            // The leader may be at it by itself.
            while failed.status == 409 { failed = try await served.send("POST", pki.path + "/crl/fetch", over: ServedMember.root) }
            #expect(failed.status == 502 && failed.error.hasPrefix("crl_fetch_failed: the server was not reached"), "\(failed)")
            let shown = try await served.operate("GET", pki.path)["crl_fetch"]
            #expect(shown?["error"]?.stringValue?.contains("not reached") == true && shown?["member"] == "n1" && shown?["succeeded_at"] == .null, "\(shown ?? .null)")
        }
    }

    @Test("one that holds back what another permits is not removed by the way")
    func widening() async throws {
        try await ServedMember.with { served async throws in
            let (upper, now) = try (PKI(), WallClock.nowSeconds())
            let key = try PrivateKey.generate(.p256)
            let lower = try Certificate.issue(
                CertificateTemplate(commonName: "CI CA", notBeforeAt: now - 60, notAfterAt: now + 86_400, isAuthority: true),
                publicKey: key.publicKey, issuer: upper.authority, key: upper.key)
            let path = "/1.0/authorities/\(lower.fingerprint)"
            let body: JSON = ["certificate": .string(lower.pem), "restricted": true, "projects": ["p"]]
            try await add(upper, served)
            _ = try await served.operate("POST", "/1.0/authorities", body)
            let refused = try await served.send("DELETE", path, over: ServedMember.root)
            #expect(refused.status == 409 && refused.error.contains("Office CA") && refused.error.contains("force=true"), "\(refused)")
            // Restricting the upper one is one way, revoking the lower one's certificate another, saying so the third.
            _ = try await served.operate("PATCH", upper.path, ["restricted": true, "projects": ["q"]])
            #expect(try await served.send("DELETE", path, over: ServedMember.root).status == 409, "to other projects")
            _ = try await served.operate("PATCH", upper.path, ["projects": ["p"]])
            _ = try await served.operate("DELETE", path)
            _ = try await served.operate("PATCH", upper.path, ["restricted": false])
            _ = try await served.operate("POST", "/1.0/authorities", body)
            #expect(try await served.send("DELETE", path + "?force=1", over: ServedMember.root).status == 409)
            _ = try await served.operate("DELETE", path + "?force=true")
            _ = try await served.operate("POST", "/1.0/authorities", body)
            _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(lower.fingerprint)])
            _ = try await served.operate("DELETE", path)
            _ = try await served.operate("DELETE", upper.path)
        }
    }

    @Test("what is no CA, unknown members and unknown choices are refused by name")
    func refusals() async throws {
        try await ServedMember.with { served async throws in
            let pki = try PKI()
            let certificate = JSON.string(pki.authority.pem)
            let cases: [(JSON, String)] = [
                (["certificate": .string(pki.client.pem)], "this is no CA certificate"), (["certificate": "x"], "Invalid certificate material"),
                ([:], "certificate"), (["certificate": certificate, "type": "server"], "\"type\""),
                (["certificate": certificate, "crl_overdue": "ignore"], "\"crl_overdue\""), (["certificate": certificate, "x": 1], "\"x\""),
            ]
            for (body, message) in cases {
                let answer = try await served.send("POST", "/1.0/authorities", body, over: ServedMember.root)
                #expect(answer.status == 400 && answer.error.contains(message), "\(answer)")
            }
            #expect(try await served.send("GET", "/1.0/authorities/00ff", over: ServedMember.root).status == 404)
            #expect(try await served.send("POST", "/1.0/authorities", ["certificate": certificate]).status == 403)
            #expect(try await served.send("PUT", pki.path + "/crl", body: "x", over: .tls).status == 403)
        }
    }

    @Test("a list is imported, shown and obeyed at once; one that is older, forged or overdue is refused, saying why")
    func lists() async throws {
        try await ServedMember.with { served async throws in
            let (pki, other) = try (PKI(), PKI())
            try await add(pki, served)
            let own = ServedMember.Channel.tlsWith(pki.client)
            let now = WallClock.nowSeconds()
            func put(_ list: [UInt8], type: String = "application/pkix-crl") async throws -> Reception {
                try await served.send(
                    "PUT", pki.path + "/crl", body: PEM.encode(label: "X509 CRL", list), fields: ["Content-Type: \(type)"], over: ServedMember.root)
            }
            func list(_ number: Int64, _ revoked: [[UInt8]], from: Int64 = -10, through: Int64 = 600, by signer: PKI? = nil) throws -> [UInt8] {
                try RevocationListDraft(number: number, thisUpdateAt: now + from, nextUpdateAt: now + through, serials: revoked)
                    .signed(by: (signer ?? pki).key, issuer: (signer ?? pki).authority)
            }
            #expect(try await served.operate("GET", "/1.0/crls") == [])
            let first = try await put(try list(5, [[1], [2, 3]]))
            #expect(first.status == 200 && first.metadata["number"] == "5" && first.metadata["entries"] == 2, "\(first)")
            #expect(try await served.send("GET", "/1.0", over: own).metadata["auth"] == "trusted")
            #expect(try await served.operate("GET", "/1.0/crls").arrayValue?.first?["authority"] == .string(pki.authority.fingerprint))
            for (bytes, message) in [
                (try list(4, []), "older than the one held"), (try list(6, [], by: other), "not by the authority's key"),
                (try list(6, [], from: -100, through: -50), "nextUpdate"), (try list(6, [], from: 4_000, through: 5_000), "thisUpdate"),
            ] {
                let answer = try await put(bytes)
                #expect(answer.status == 400 && answer.error.contains(message), "\(answer)")
            }
            #expect(try await put([1, 2, 3]).error.contains("no CRL"))
            #expect(try await put(try list(6, []), type: "text/plain").status == 415)
            #expect(try await put(try list(6, [pki.client.serial]), type: "application/x-pem-file").status == 200)
            #expect(try await served.send("GET", "/1.0", over: own).metadata["auth"] == "untrusted")
            #expect(try await served.operate("GET", pki.path)["crl"]?["number"] == "6")
            // As a fetch by the clock and an operator may bring it: each takes the place of what is on its way.
            let seventh = try list(7, (1...200).map { [$0, 7] })
            async let one = put(seventh)
            async let two = put(seventh)
            async let three = put(seventh)
            async let four = put(seventh)
            for answer in try await [one, two, three, four] { #expect(answer.status == 200 && answer.metadata["number"] == "7", "\(answer)") }
        }
    }
}
