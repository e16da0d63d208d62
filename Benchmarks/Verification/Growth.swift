import Crypto
import JOSE
import Tokens

/// What a verification costs with a million revocations and a hundred thousand certificates stored, beside an empty store.
struct Growth {
    private static let revocations = 1_000_000
    private static let certificates = 100_000
    private static let rounds = 6
    private static let now: Int64 = 1_800_000_000
    /// Nearly as many as a loop remembers, so that they do not all stay in the processor's own caches.
    private static let cachedCount = 4_000
    private static let uncachedCount = 128

    let seconds: Double

    private struct Way {
        let name: String
        let empty, full: VerificationLoop
    }

    func run() throws {
        for way in try ways() {
            try way.empty.verifyAll()
            try way.full.verifyAll()
            var empty = 0.0
            var full = 0.0
            for _ in 0..<Self.rounds {
                empty += try way.empty.secondsEach(during: seconds)
                full += try way.full.secondsEach(during: seconds)
            }
            let each = 1e9 / Double(Self.rounds)
            print(way.name, Int(empty * each), Int(full * each))
        }
    }

    private func ways() throws -> [Way] {
        let key = try TokenMaker(signing: .generate(.es256))
        let client = try TokenMaker(signing: .generate(.es256))
        guard let publicKey = key.signing.verificationKey.publicKey else { return [] }
        let certificate = try Self.certificate(of: client)
        var rows = StoreRows(keys: [StoredKey(id: key.signing.keyID, algorithm: .es256, publicKey: publicKey)], client: certificate)
        let empty = try rows.view()
        rows.certificates = Self.certificates
        rows.revocations = Self.revocations
        let full = try rows.view()
        func way(_ name: String, _ tokens: [[UInt8]], remembering: Bool) -> Way {
            Way(name: name,
                empty: VerificationLoop(empty, tokens, now: Self.now, remembering: remembering),
                full: VerificationLoop(full, tokens, now: Self.now, remembering: remembering))
        }
        return [
            way("cached", try key.clusterTokens(Self.cachedCount, now: Self.now), remembering: true),
            way("uncached", try key.clusterTokens(Self.uncachedCount, now: Self.now), remembering: false),
            way("cached-client", try client.clientTokens(Self.cachedCount, certificate, now: Self.now), remembering: true),
            way("uncached-client", try client.clientTokens(Self.uncachedCount, certificate, now: Self.now), remembering: false),
        ]
    }

    /// Issued by somebody: whoever that is does not matter to a store of trusted certificates.
    private static func certificate(of client: TokenMaker) throws -> Certificate {
        guard let publicKey = client.signing.verificationKey.publicKey else { throw TokenFiles.Unreadable() }
        let key = try PrivateKey.generate(.p256)
        let authority = try Certificate.issue(
            CertificateTemplate(commonName: "somebody", notBeforeAt: 0, notAfterAt: 4_000_000_000, isAuthority: true),
            publicKey: key.publicKey, issuer: nil, key: key)
        return try Certificate.issue(
            CertificateTemplate(commonName: "ci", notBeforeAt: now - 86_400, notAfterAt: now + 86_400, usages: [.clientAuth]),
            publicKey: publicKey, issuer: authority, key: key)
    }
}
