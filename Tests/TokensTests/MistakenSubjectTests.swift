import Crypto
import JOSE
import Testing
import Tokens

/// What users write into `sub`, made the way they make it, and what they are told.
@Suite("Explaining a sub that is no fingerprint")
struct MistakenSubjectTests {
    private let client: World.Client
    private var world: World

    init() throws {
        client = try World.Client(.es256)
        world = try World(.es256)
        world.clients = [client]
    }

    private func hash(_ text: String) -> String { Hex.encode(SHA256.hash(Array(text.utf8))) }

    private func hint(_ subject: String, in world: World? = nil) throws -> String {
        let explained = TokenExplainer.explain(
            try client.token(claims: ["sub": .string(subject)]), in: try (world ?? self.world).view(), now: World.now)
        #expect(explained.reason == .unknownCertificate)
        return try #require(explained.steps.first { $0.check == .key }?.hint)
    }

    @Test("the hash of the PEM text, with and without its last line break, and with those of Windows")
    func pem() throws {
        let pem = client.certificate.pem
        for text in [pem, String(pem.dropLast()), pem.replacing("\n", with: "\r\n")] {
            let hint = try hint(hash(text))
            #expect(hint.contains("the SHA-256 of the PEM text of the certificate") && hint.contains(client.fingerprint), "\(hint)")
        }
    }

    @Test("the hash of the public key, as DER and as PEM")
    func publicKey() throws {
        let spki = client.certificate.subjectPublicKeyInfo
        let hints = [try hint(Hex.encode(SHA256.hash(spki))), try hint(hash(PEM.encode(label: "PUBLIC KEY", spki)))]
        #expect(hints[0].contains("the SHA-256 of the public key") && hints[1].contains("the PEM text of the public key"), "\(hints)")
        #expect(hints.allSatisfy { $0.contains(client.fingerprint) })
    }

    @Test("colons, upper case, and what openssl prints before them")
    func spelling() throws {
        let upper = client.fingerprint.uppercased()
        let colons = stride(from: 0, to: 64, by: 2).map { offset in
            let start = upper.index(upper.startIndex, offsetBy: offset)
            return String(upper[start..<upper.index(start, offsetBy: 2)])
        }.joined(separator: ":")
        #expect(try hint(upper).contains("upper-case letters"))
        #expect(try hint(colons).contains("colons") && hint(colons).contains("upper-case"))
        #expect(try hint("sha256 Fingerprint=" + colons).contains("prefix"))
        #expect(try !hint(upper).contains("no certificate with that fingerprint"))
        #expect(try hint(String(repeating: "AB", count: 32)).contains("no certificate with that fingerprint"))
    }

    @Test("a beginning, a SHA-1, the base64url thumbprint, the name, and a stranger's")
    func others() throws {
        #expect(try hint(String(client.fingerprint.prefix(12))).contains("only the beginning"))
        #expect(try hint(String(repeating: "a1", count: 20)).contains("SHA-1"))
        #expect(try hint(Base64URL.encode(SHA256.hash(client.certificate.der))).contains("base64url"))
        #expect(try hint("ci").contains("the name of a trusted certificate"))
        #expect(try hint(String(repeating: "0", count: 64)).contains("never added, was removed, or belongs to another cluster"))
    }

    @Test("a certificate of another type: metrics, a member's, the cluster's own")
    func types() throws {
        var metrics = client
        metrics.type = "metrics"
        var world = world
        world.clients = [metrics]
        #expect(try hint(client.fingerprint, in: world).contains("of type metrics"))
        #expect(try hint(hash("\0\0\0")).contains("type server") || hint(hash("\0\0\0")).contains("CA certificate"))
    }

    @Test("the certificate's key under another alg, a line break that echo added, and the payload alone")
    func signatures() throws {
        let key = try World.Client(.rs256)
        var world = world
        world.clients = [key]
        let view = try world.view()
        func hint(_ token: [UInt8]) throws -> String {
            let explained = TokenExplainer.explain(token, in: view, now: World.now)
            #expect(explained.reason == .badSignature)
            return try #require(explained.steps.first { $0.check == .signature }?.hint)
        }
        #expect(try hint(key.token(header: ["alg": "PS256"])).contains("is one of RS256"))
        let good = try key.token()
        let dot = try #require(good.lastIndex(of: UInt8(ascii: ".")))
        func signed(_ bytes: [UInt8]) throws -> [UInt8] {
            Array(good[...dot]) + Array(Base64URL.encode(try key.signing.sign(bytes.span)).utf8)
        }
        #expect(try hint(signed(Array(good[..<dot]) + [UInt8(ascii: "\n")])).contains("echo"))
        let first = try #require(good.firstIndex(of: UInt8(ascii: ".")))
        #expect(try hint(signed(Array(good[(first + 1)..<dot]))).contains("payload alone"))
        #expect(try hint(signed([1])).contains("another key"))
    }
}
