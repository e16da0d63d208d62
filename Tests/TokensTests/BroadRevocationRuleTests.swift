import Crypto
import JOSE
import Testing
import Tokens
import TrustStore

@Suite("Revoked subjects, certificates and times")
struct BroadRevocationRuleTests {
    private func expect(
        _ token: [UInt8], _ world: World, _ reason: RejectionReason?, _ expectation: Expectation = Expectation(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let view = try world.view()
        let cache = SignatureCache()
        // Cached while nothing was revoked.
        var before = world
        before.broadlyRevoked = []
        _ = verdict(token, try before.view(), expectation, cache: cache)
        #expect(verdict(token, view, expectation).reason == reason, sourceLocation: sourceLocation)
        #expect(verdict(token, view, expectation, cache: cache).reason == reason, "from the cache", sourceLocation: sourceLocation)
        let explained = TokenExplainer.explain(token, in: view, now: World.now, expecting: expectation)
        #expect(explained.reason == reason, "\(explained.json.encodedString)", sourceLocation: sourceLocation)
        guard reason != nil else { return }
        let step = try #require(explained.steps.first { $0.check == .revocation }, sourceLocation: sourceLocation)
        #expect(step.outcome == .fail && step.detail.contains("by entry 78") && step.detail.contains("\"alice\""), "\(step)", sourceLocation: sourceLocation)
    }

    @Test("a subject's tokens up to that second are refused, later ones are not, and nobody else's")
    func subject() throws {
        var world = try World(.es256)
        world.broadlyRevoked = [.subject("bob", before: World.now)]
        try expect(try world.token(), world, .subjectRevoked)
        try expect(try world.token(claims: ["iat": .integer(World.now - 1)]), world, .subjectRevoked)
        try expect(try world.token(claims: ["iat": .integer(World.now + 1)]), world, nil)
        try expect(try world.token(claims: ["iat": nil]), world, .subjectRevoked)
        for other in ["bo", "bobb", "Bob", "bob ", "bob\0"] { try expect(try world.token(claims: ["sub": .string(other)]), world, nil) }
    }

    @Test("a time of issue that lies ahead of all clocks is no way around a revocation")
    func ahead() throws {
        var world = try World(.es256)
        world.clients = [try World.Client(.es256)]
        world.broadlyRevoked = [.everything(before: World.now), .subject(world.clients[0].fingerprint, before: World.now)]
        try expect(try world.clients[0].token(claims: ["iat": .integer(World.now + 601), "exp": nil]), world, .subjectRevoked)
        try expect(try world.token(claims: ["iat": .integer(World.now + 601)]), world, .tokenRevoked)
        try expect(try world.token(claims: ["iat": .integer(World.now + 600)]), world, nil)
    }

    @Test("a subject in another Unicode spelling is another subject")
    func spelling() throws {
        var world = try World(.es256)
        world.broadlyRevoked = [.subject("caf\u{E9}", before: World.now)]
        try expect(try world.token(claims: ["sub": "caf\u{E9}"]), world, .subjectRevoked)
        try expect(try world.token(claims: ["sub": "cafe\u{301}"]), world, nil)
    }

    @Test("everything up to a time is refused, whoever signed it")
    func everything() throws {
        var world = try World(.es256, .hs256)
        world.clients = [try World.Client(.es256)]
        world.broadlyRevoked = [.everything(before: World.now)]
        try expect(try world.token(key: 0), world, .tokenRevoked)
        try expect(try world.token(key: 1), world, .tokenRevoked)
        try expect(try world.clients[0].token(), world, .tokenRevoked)
        try expect(try world.clients[0].token(claims: ["iat": nil]), world, .tokenRevoked)
        try expect(try world.token(claims: ["iat": .integer(World.now + 1)]), world, nil)
    }

    @Test("a revoked certificate takes its own tokens with it, and those bound to it")
    func certificate() throws {
        var world = try World(.es256)
        let client = try World.Client(.es256), other = try World.Client(.es256)
        world.clients = [client, other]
        world.broadlyRevoked = [.certificate(fingerprint: client.fingerprint)]
        try expect(try client.token(), world, .certificateRevoked)
        try expect(try other.token(), world, nil)
        let bound = try world.token(claims: ["cnf": ["x5t#S256": .string(Base64URL.encode(SHA256.hash(client.certificate.der)))]])
        try expect(bound, world, .certificateRevoked, Expectation(clientCertificateThumbprint: client.fingerprint))
        try expect(bound, world, .certificateRevoked)
        let view = try world.view()
        #expect(throws: RejectionReason.certificateRevoked) { try CertificateVerifier.entry(of: client.certificate, in: view, now: World.now) }
        #expect(try CertificateVerifier.entry(of: other.certificate, in: view, now: World.now).fingerprint == other.fingerprint)
    }
}
