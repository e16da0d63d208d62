import Crypto
import JOSE
import Testing
import Tokens
import TrustStore

/// A token that was made from another one is refused when that one is, while the client that asked for it stays trusted.
@Suite("Tokens made from others")
struct ExchangedTokenTests {
    /// As the token endpoint makes them.
    private func exchanged(_ token: [UInt8], by client: World.Client, in world: World) throws -> [UInt8] {
        let view = try world.view()
        let parent = try #require(verdict(token, view).accepted)
        var request = MintRequest(subject: parent.subject, scopes: ["read"])
        let line: MintRequest.Client = try #require(MintRequest.Client(id: client.fingerprint, narrowing: parent, at: World.now))
        request.client = line
        request.expiresAtMax = parent.expiresAt
        return Array(try TokenMinter.mint(request, in: view, now: World.now).token.utf8)
    }

    private func credentials(of client: World.Client, in world: World) throws -> [UInt8] {
        var request = MintRequest(subject: client.fingerprint, scopes: ["read"])
        request.client = MintRequest.Client(id: client.fingerprint)
        return Array(try TokenMinter.mint(request, in: try world.view(), now: World.now).token.utf8)
    }

    /// By the verifier, with and without what it cached in the world before, and by the explainer.
    private func expect(
        _ token: [UInt8], _ world: World, after before: World? = nil, at now: Int64 = World.now, _ reason: RejectionReason?, _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let view = try world.view()
        let cache = SignatureCache()
        if let before { #expect(verdict(token, try before.view(), cache: cache).accepted != nil, "\(what), before", sourceLocation: sourceLocation) }
        #expect(verdict(token, view, now: now).reason == reason, "\(what)", sourceLocation: sourceLocation)
        #expect(verdict(token, view, now: now, cache: cache).reason == reason, "\(what), from the cache", sourceLocation: sourceLocation)
        let explained = TokenExplainer.explain(token, in: view, now: now)
        #expect(explained.reason == reason, "\(what), explained: \(explained.json.encodedString)", sourceLocation: sourceLocation)
    }

    /// A client that signs for itself or gets tokens, one that exchanges them, and one that exchanges what that one got.
    private func world() throws -> (World, origin: World.Client, asker: World.Client, next: World.Client) {
        var world = try World(.es256)
        let (origin, asker, next) = (try World.Client(.es256, validity: World.now - 10...World.now + 30), try World.Client(.es256), try World.Client(.es256))
        world.clients = [origin, asker, next]
        return (world, origin, asker, next)
    }

    /// The two that come from a token, by one exchange and by two.
    private func line(of token: [UInt8], _ world: World, _ asker: World.Client, _ next: World.Client) throws -> [[UInt8]] {
        let child = try exchanged(token, by: asker, in: world)
        return [child, try exchanged(child, by: next, in: world)]
    }

    @Test("what was made from a token of a certificate's key goes with the certificate: revoked, past its end, removed, or no client any more")
    func signer() throws {
        let (before, origin, asker, next) = try world()
        let parent = try origin.token(claims: ["exp": .integer(World.now + 600)])
        var revoked = before, removed = before, metrics = before
        revoked.broadlyRevoked = [.certificate(fingerprint: origin.fingerprint)]
        removed.clients.removeFirst()
        metrics.clients[0].type = "metrics"
        for child in try line(of: parent, before, asker, next) {
            try expect(child, before, nil)
            try expect(child, revoked, after: before, .certificateRevoked)
            try expect(child, before, after: before, at: World.now + 31, .certificateExpired)
            try expect(child, removed, after: before, .keyRetired)
            try expect(child, metrics, after: before, .keyRetired)
        }
        try expect(parent, revoked, after: before, .certificateRevoked)
        try expect(parent, before, after: before, at: World.now + 31, .certificateExpired)
    }

    @Test("a certificate that becomes restricted permits nothing, also through what was made from its tokens before")
    func restricted() throws {
        let (before, origin, asker, next) = try world()
        let parent = try origin.token()
        var after = before
        after.clients[0].isRestricted = true
        after.clients[0].version = 2
        for child in try line(of: parent, before, asker, next) { try expect(child, after, after: before, .insufficientScope) }
        #expect(verdict(parent, try after.view()).accepted?.scopes.names == [])
        var other = before
        other.clients[1].isRestricted = true
        other.clients[1].version = 2
        try expect(try exchanged(parent, by: asker, in: before), other, nil, "the client that asked acts for its subject, and that one is not restricted")
    }

    @Test("what was made from a token that a client got goes with that client's entry and certificate")
    func client() throws {
        let (before, origin, asker, next) = try world()
        let parent = try credentials(of: origin, in: before)
        var revoked = before, removed = before, metrics = before
        revoked.broadlyRevoked = [.certificate(fingerprint: origin.fingerprint)]
        removed.clients.removeFirst()
        metrics.clients[0].type = "metrics"
        for token in try [parent] + line(of: parent, before, asker, next) {
            try expect(token, before, nil)
            try expect(token, revoked, after: before, .certificateRevoked)
            try expect(token, removed, after: before, .unknownCertificate)
            try expect(token, metrics, after: before, .unknownCertificate)
        }
        // In the middle of a line too.
        let own = try before.token()
        let last = try line(of: own, before, asker, next)[1]
        var without = before
        without.clients.remove(at: 1)
        try expect(last, without, after: before, .unknownCertificate)
        try expect(own, without, after: before, nil)
    }

    @Test("a subject that is a certificate stays one in the hands of another client")
    func subject() throws {
        let (before, origin, asker, next) = try world()
        let parent = try before.token(claims: ["sub": .string(origin.fingerprint)])
        var revoked = before
        revoked.broadlyRevoked = [.certificate(fingerprint: origin.fingerprint)]
        for token in try [parent] + line(of: parent, before, asker, next) { try expect(token, revoked, after: before, .certificateRevoked) }
    }

    @Test("a revocation up to a time takes along what was made later from a token issued by then")
    func times() throws {
        let (before, _, asker, next) = try world()
        let parent = try before.token(claims: ["iat": .integer(World.now - 100), "nbf": .integer(World.now - 100)])
        for (target, reason) in [
            (RevocationTarget.subject("bob", before: World.now - 50), RejectionReason?.some(.subjectRevoked)),
            (.everything(before: World.now - 50), .tokenRevoked), (.subject("bob", before: World.now - 101), nil),
            (.everything(before: World.now - 101), nil),
        ] {
            var revoked = before
            revoked.broadlyRevoked = [target]
            for token in try [parent] + line(of: parent, before, asker, next) { try expect(token, revoked, after: before, reason, "\(target)") }
        }
    }

    @Test("what was made from a token without a time of issue, or with one that lies ahead of all clocks, is as old as anything")
    func withoutTime() throws {
        let (before, origin, asker, next) = try world()
        for time in [nil, JSON.integer(World.now + 601)] {
            let parent = try origin.token(claims: ["iat": time])
            for (target, reason) in [
                (RevocationTarget.subject(origin.fingerprint, before: 1), RejectionReason.subjectRevoked), (.everything(before: 1), .tokenRevoked),
            ] {
                var revoked = before
                revoked.broadlyRevoked = [target]
                for token in try [parent] + line(of: parent, before, asker, next) { try expect(token, revoked, after: before, reason) }
            }
        }
    }

    @Test("a token of the cluster's own imported key says by its key that it is younger, and so does what was made from it")
    func ownImportedKey() throws {
        let (bare, _, asker, next) = try world()
        var before = bare
        before.imported = ["own": World.Imported(3, origin: .cluster)]
        before.imported["own"]?.version = 100
        let parent = NodeToken.lotus(World.Imported(3, origin: .cluster))
        let tokens = try [parent] + line(of: parent, before, asker, next)
        var revoked = before
        revoked.broadlyRevoked = [.everything(before: World.now - 100)]
        for token in tokens { try expect(token, revoked, after: before, nil) }
        revoked.imported["own"]?.version = 10
        for token in tokens { try expect(token, revoked, .tokenRevoked) }
        revoked = before
        revoked.broadlyRevoked = [.subject("imported:own", before: World.now - 100)]
        for token in tokens { try expect(token, revoked, after: before, .subjectRevoked) }
        revoked.imported = [:]
        for token in tokens.dropFirst() { try expect(token, revoked, .keyRetired) }
    }

    @Test("a token of an early version, which names only the keys of its line, goes with those that are certificates")
    func earlyForm() throws {
        let (before, origin, asker, _) = try world()
        let child = try before.token(claims: [
            "client_id": .string(asker.fingerprint), "parent_jti": ["x"], "parent_kid": .strings([origin.fingerprint]),
        ])
        var revoked = before, restricted = before
        revoked.broadlyRevoked = [.certificate(fingerprint: origin.fingerprint)]
        restricted.clients[0].isRestricted = true
        try expect(child, before, nil)
        try expect(child, revoked, after: before, .certificateRevoked)
        try expect(child, restricted, after: before, .insufficientScope)
        try expect(child, before, after: before, at: World.now + 31, .certificateExpired)
    }

    @Test("a line has eight links, each of which is named")
    func bound() throws {
        let (world, origin, _, _) = try world()
        var token = try origin.token()
        var askers: [World.Client] = []
        var wide = world
        for _ in 0..<8 {
            askers.append(try World.Client(.es256))
            wide.clients = world.clients + askers
            token = try exchanged(token, by: askers[askers.count - 1], in: wide)
        }
        let accepted = try #require(verdict(token, try wide.view()).accepted)
        #expect(accepted.parentClients == [origin.fingerprint] + askers.dropLast().map(\.fingerprint))
        #expect(accepted.parentTokenIDs.count == 8 && accepted.parentIssuedAt == World.now)
        #expect(MintRequest.Client(id: origin.fingerprint, narrowing: accepted, at: World.now) == nil)
        for index in wide.clients.indices where ![1, 2].contains(index) {
            var revoked = wide
            revoked.broadlyRevoked = [.certificate(fingerprint: wide.clients[index].fingerprint)]
            try expect(token, revoked, after: wide, .certificateRevoked, "\(index)")
        }
    }
}
