import Crypto
import FoundationEssentials
import Testing
import Tokens
import TrustStore

/// The `openssl` command makes a root, a middle and an issuing CA, breaks one rule in each case, and judges; so do we.
@Suite("Our verdict about a chain is that of openssl verify", .timeLimit(.minutes(3)))
struct AuthorityTableTests {
    private typealias Shop = OpenSSLWorkshop
    private static let day: Int64 = 86_400

    private struct Case {
        var name: String
        var leaf = "leaf"
        /// Between the leaf and the root, both for `openssl` and, where there are lists, authorities of ours.
        var sent = ["issuing", "middle"]
        var root = "root"
        /// By the authority that made them.
        var lists: [(list: String, of: String)] = []
        var days: Int64 = 0
        var isAccepted: Bool
    }

    @Test("over all cases, with and without revocation")
    func table() async throws {
        let shop = try Shop()
        try await prepare(shop)
        let all = [("root-empty", "root"), ("middle-empty", "middle"), ("issuing-empty", "issuing")]
        let cases: [Case] = [
            Case(name: "a good chain", isAccepted: true),
            Case(name: "sent in another order", sent: ["middle", "issuing"], isAccepted: true),
            Case(name: "the issuing CA was not sent", sent: ["middle"], isAccepted: false),
            Case(name: "nothing was sent", sent: [], isAccepted: false),
            Case(name: "another root", root: "other", isAccepted: false),
            Case(name: "a root of the same name and another key", root: "namesake", isAccepted: false),
            Case(name: "wrong issuer: same name, another key", leaf: "forged", isAccepted: false),
            Case(name: "the leaf has expired", leaf: "short", days: 2, isAccepted: false),
            Case(name: "the leaf is not valid yet", days: -1, isAccepted: false),
            Case(name: "the issuing CA has expired", leaf: "under-short", sent: ["short-ca", "middle"], days: 2, isAccepted: false),
            Case(name: "all have expired", days: 4000, isAccepted: false),
            Case(name: "for servers only", leaf: "server", isAccepted: false),
            Case(name: "no extended key usage", leaf: "any-usage", isAccepted: true),
            Case(name: "the key may not sign", leaf: "encipher", isAccepted: false),
            Case(name: "a critical extension nobody knows", leaf: "unknown-extension", isAccepted: false),
            Case(name: "an RSA key of 1,024 bits", leaf: "weak", isAccepted: false),
            Case(name: "missing key usage: the CA may not sign certificates", leaf: "under-no-sign", sent: ["no-sign", "middle"], isAccepted: false),
            Case(name: "the CA is none", leaf: "under-no-ca", sent: ["no-ca", "middle"], isAccepted: false),
            Case(name: "the CA does not say that it is one", leaf: "under-silent", sent: ["silent", "middle"], isAccepted: false),
            Case(name: "the CA is for servers only", leaf: "under-server-ca", sent: ["server-ca", "middle"], isAccepted: false),
            Case(name: "strictly: the CA's basic constraints are not critical", leaf: "under-lax", sent: ["lax", "middle"], isAccepted: false),
            Case(name: "path length exceeded", leaf: "too-deep", sent: ["deep", "narrow"], isAccepted: false),
            Case(name: "a name that the CA may not give", leaf: "outside", sent: ["named"], isAccepted: false),
            Case(name: "a name that the CA may give", leaf: "inside", sent: ["named"], isAccepted: true),
            Case(name: "lists that name others", lists: all, isAccepted: true),
            Case(name: "the leaf is revoked", lists: [all[0], all[1], ("issuing-leaf", "issuing")], isAccepted: false),
            Case(name: "the issuing CA is revoked", lists: [all[0], ("middle-issuing", "middle"), all[2]], isAccepted: false),
            Case(name: "the middle CA is revoked", lists: [("root-middle", "root"), all[1], all[2]], isAccepted: false),
            Case(name: "the issuing CA's list is overdue", lists: [("root-long", "root"), ("middle-long", "middle"), all[2]], days: 8, isAccepted: false),
            Case(name: "none of the lists is overdue yet", lists: [("root-long", "root"), ("middle-long", "middle"), all[2]], days: 6, isAccepted: true),
            Case(name: "the middle CA's list is overdue", lists: [("root-long", "root"), all[1], ("issuing-long", "issuing")], days: 8, isAccepted: false),
            Case(name: "the issuing CA has no list, the others do", lists: [all[0], all[1]], isAccepted: false),
            Case(name: "the middle CA has no list", lists: [all[0], all[2]], isAccepted: false),
            Case(name: "a list signed by another key of the same name", lists: [all[0], all[1], ("forged-list", "issuing")], isAccepted: false),
            Case(name: "a list with a critical extension nobody knows", lists: [all[0], all[1], ("odd-list", "issuing")], isAccepted: false),
        ]
        #expect(cases.count >= 20)
        let made = Int64(Date().timeIntervalSince1970)
        for one in cases {
            let now = made + one.days * Self.day
            let theirs = try await shop.accepts(one.leaf, sent: one.sent, root: one.root, lists: one.lists.map(\.list), at: now)
            let ours = try accepts(one, shop, at: now)
            #expect(ours == theirs, "\(one.name): ours \(ours), openssl \(theirs)")
            #expect(ours == one.isAccepted, "\(one.name)")
        }
    }

    private func accepts(_ one: Case, _ shop: Shop, at now: Int64) throws -> Bool {
        var world = AuthorityWorld(now: now)
        world.trust(try shop.certificate(one.root))
        // Whoever has a list is an authority here.
        if !one.lists.isEmpty { for name in one.sent { world.trust(try shop.certificate(name)) } }
        for (list, authority) in one.lists {
            // A list that is refused is not held.
            try? world.hold(shop.read("\(list).crl"), of: shop.certificate(authority))
        }
        return world.refusal(try shop.certificate(one.leaf), sent: try one.sent.map(shop.certificate)) == nil
    }

    private func prepare(_ shop: Shop) async throws {
        func leaf(_ name: String, _ issuer: String, days: Int = 30, _ extensions: [String] = Shop.client) async throws {
            try await shop.issue(name, by: issuer, days: days, extensions: extensions)
        }
        func authority(_ name: String, _ issuer: String, days: Int = 1000, _ extensions: [String] = Shop.authority) async throws {
            try await shop.issue(name, by: issuer, days: days, extensions: extensions)
        }
        try await shop.root("root")
        try await shop.root("other")
        try await shop.root("namesake", subject: "root")
        try await authority("middle", "root")
        try await authority("issuing", "middle")
        try await leaf("leaf", "issuing")
        try await shop.root("impostor", subject: "issuing")
        try await leaf("forged", "impostor")
        try await leaf("short", "issuing", days: 1)
        try await authority("short-ca", "middle", days: 1)
        try await leaf("under-short", "short-ca")
        try await leaf("server", "issuing", Array(Shop.client.prefix(2)) + ["extendedKeyUsage=serverAuth"])
        try await leaf("any-usage", "issuing", Array(Shop.client.prefix(2)))
        try await leaf("encipher", "issuing", ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,keyEncipherment", "extendedKeyUsage=clientAuth"])
        try await leaf("unknown-extension", "issuing", Shop.client + ["1.3.6.1.4.1.99999.1=critical,ASN1:NULL"])
        try await shop.issue("weak", by: "issuing", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], extensions: Shop.client)
        for (name, extensions) in [
            ("no-sign", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,cRLSign"]),
            ("no-ca", ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]),
            ("silent", ["keyUsage=critical,digitalSignature"]),
            ("lax", ["basicConstraints=CA:TRUE", Shop.authority[1]]),
            ("server-ca", Shop.authority + ["extendedKeyUsage=serverAuth"]),
        ] {
            try await authority(name, "middle", extensions)
            try await leaf("under-\(name)", name)
        }
        try await authority("narrow", "root", ["basicConstraints=critical,CA:TRUE,pathlen:0", Shop.authority[1]])
        try await authority("deep", "narrow")
        try await leaf("too-deep", "deep")
        try await authority("named", "root", Shop.authority + ["nameConstraints=critical,permitted;DNS:inside.test"])
        try await leaf("outside", "named", Shop.client + ["subjectAltName=DNS:outside.test"])
        try await leaf("inside", "named", Shop.client + ["subjectAltName=DNS:a.inside.test"])
        let stranger = Hex.encode([0x11] + SecureRandom.bytes(15))
        for name in ["root", "middle", "issuing"] {
            try await shop.revocationList("\(name)-empty", by: name, revoked: [stranger])
            try await shop.revocationList("\(name)-long", by: name, days: 20)
        }
        try await shop.revocationList("issuing-leaf", by: "issuing", revoked: ["leaf", stranger])
        try await shop.revocationList("middle-issuing", by: "middle", revoked: ["issuing"])
        try await shop.revocationList("root-middle", by: "root", revoked: ["middle"])
        try await shop.revocationList("forged-list", by: "impostor")
        try await shop.revocationList("odd-list", by: "issuing", extensions: ["1.3.6.1.4.1.99999.1=critical,ASN1:NULL"])
    }
}
