import Crypto
import FoundationEssentials
import JOSE
import Testing
import Tokens
import TrustStore

@Suite("Clients that an authority vouches for", .timeLimit(.minutes(5)))
struct AuthorityRuleTests {
    private typealias Shop = OpenSSLWorkshop

    private func made() async throws -> Shop {
        let shop = try Shop()
        try await shop.root("root")
        try await shop.issue("middle", by: "root", days: 1000, extensions: Shop.authority)
        try await shop.issue("leaf", by: "middle", extensions: Shop.client)
        return shop
    }

    private func world() -> AuthorityWorld { AuthorityWorld(now: Int64(Date().timeIntervalSince1970)) }

    private func record(_ world: AuthorityWorld, _ leaf: Certificate, sent: [Certificate] = []) throws -> TrustedCertificateRecord {
        try CertificateVerifier.vouched(leaf, sent: sent, in: world.view, now: world.now, paths: nil)
    }

    @Test("the nearest authority's conditions hold, and the constraints of those above it too")
    func nearest() async throws {
        let shop = try await made()
        let (root, middle, leaf) = try (shop.certificate("root"), shop.certificate("middle"), shop.certificate("leaf"))
        var world = world()
        #expect(world.refusal(leaf, sent: [middle]) == .unknownCertificate)
        world.trust(root)
        #expect(try record(world, leaf, sent: [middle]).isRestricted == false)
        #expect(world.refusal(leaf) == .unknownCertificate)
        world.trust(middle, isRestricted: true)
        let record = try record(world, leaf)
        #expect(record.isRestricted && record.projects == ["p"] && record.createdBy == middle.fingerprint)
        #expect(record.fingerprint == leaf.fingerprint)
        // Without the root the middle one is an anchor by itself.
        world.apply(.removeAuthority(fingerprint: root.fingerprint))
        #expect(world.refusal(leaf) == nil)
        world.apply(.removeAuthority(fingerprint: middle.fingerprint))
        #expect(world.refusal(leaf, sent: [middle]) == .unknownCertificate)
    }

    @Test("certificates of one name and key, by several issuers, vouch for its clients; a ring of them too, each bound by all lists in it")
    func crossCertified() async throws {
        let shop = try Shop()
        try await shop.root("a")
        try await shop.root("b")
        try await shop.crossCertify("a", as: "a-by-b", by: "b")
        try await shop.crossCertify("b", as: "b-by-a", by: "a")
        try await shop.issue("leaf", by: "a", extensions: Shop.client)
        let leaf = try shop.certificate("leaf")
        for names in [["a-by-b"], ["a", "a-by-b"], ["a-by-b", "b"], ["a", "a-by-b", "b"], ["a", "a-by-b", "b", "b-by-a"], ["a-by-b", "b-by-a"]] {
            var world = world()
            for name in names { world.trust(try shop.certificate(name)) }
            #expect(world.refusal(leaf) == nil, "\(names)")
        }
        var ring = world()
        let (above, below) = try (shop.certificate("b-by-a"), shop.certificate("a-by-b"))
        ring.trust(above)
        ring.trust(below)
        try await shop.revocationList("of-a", by: "a")
        try ring.hold(shop.read("of-a.crl"), of: below)
        #expect(ring.refusal(leaf) == .crlOverdue, "the other one in the ring has no list")
        try await shop.revocationList("of-b", by: "b")
        var good = ring
        try good.hold(shop.read("of-b.crl"), of: above)
        #expect(good.refusal(leaf) == nil)
        try await shop.revocationList("against-a", by: "b", revoked: ["a-by-b"])
        try ring.hold(shop.read("against-a.crl"), of: above)
        #expect(ring.refusal(leaf) == .certificateRevoked)
    }

    @Test("whoever would vouch for more in the place of a removed authority is named")
    func successors() async throws {
        let shop = try await made()
        try await shop.root("other")
        try await shop.crossCertify("middle", as: "twin", by: "other")
        let (root, middle, other, twin) = try (shop.certificate("root"), shop.certificate("middle"), shop.certificate("other"), shop.certificate("twin"))
        func successors(_ authorities: [(Certificate, isRestricted: Bool)]) -> [String] {
            var world = world()
            for (certificate, isRestricted) in authorities { world.trust(certificate, isRestricted: isRestricted) }
            return world.view.keys.authorities.successors(of: authorities[0].0.fingerprint)
        }
        #expect(successors([(middle, true), (root, false)]) == [root.fingerprint])
        #expect(successors([(middle, true), (root, true)]) == [])
        #expect(successors([(middle, false), (root, false)]) == [])
        #expect(successors([(middle, false), (root, true)]) == [])
        #expect(successors([(middle, true)]) == [])
        // Its issuer is not here, and may lead to any.
        #expect(successors([(middle, true), (other, false)]) == [other.fingerprint])
        #expect(successors([(root, true), (other, false)]) == [], "a root is below nobody")
        // Of one name and key.
        #expect(successors([(middle, true), (twin, false)]) == [twin.fingerprint])
        #expect(successors([(middle, true), (twin, true), (root, false)]) == [])
    }

    @Test("an authority below another is bound by it: its path length and its list")
    func bound() async throws {
        let shop = try Shop()
        try await shop.root("root", extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0", Shop.authority[1]])
        try await shop.issue("middle", by: "root", extensions: Shop.authority)
        try await shop.issue("leaf", by: "middle", extensions: Shop.client)
        let leaf = try shop.certificate("leaf")
        var world = world()
        world.trust(try shop.certificate("middle"))
        #expect(world.refusal(leaf) == nil)
        world.trust(try shop.certificate("root"))
        #expect(world.refusal(leaf) == .unknownCertificate)
    }

    @Test("an authority's own certificate is no client's")
    func authorityAsClient() async throws {
        let shop = try await made()
        var world = world()
        world.trust(try shop.certificate("root"))
        world.trust(try shop.certificate("middle"))
        #expect(world.refusal(try shop.certificate("root")) == .unknownCertificate)
        #expect(world.refusal(try shop.certificate("middle")) == .unknownCertificate)
    }

    @Test("two authorities of one name and two keys: each vouches for its own, and a list of one says nothing of the other's")
    func namesakes() async throws {
        let shop = try Shop()
        try await shop.root("one", subject: "ca")
        try await shop.root("two", subject: "ca")
        try await shop.issue("leaf", by: "one", extensions: Shop.client)
        let (one, two, leaf) = try (shop.certificate("one"), shop.certificate("two"), shop.certificate("leaf"))
        try await shop.revocationList("by-two", by: "two", revoked: [Hex.encode(leaf.serial)])
        try await shop.revocationList("by-one", by: "one", revoked: [Hex.encode(leaf.serial)])
        var world = world()
        world.trust(two)
        #expect(world.refusal(leaf) == .unknownCertificate)
        world.trust(one)
        #expect(world.refusal(leaf) == nil)
        #expect(throws: RevocationListError.badSignature) { try world.hold(shop.read("by-two.crl"), of: one) }
        try world.hold(shop.read("by-two.crl"), of: two)
        #expect(world.refusal(leaf) == nil)
        try world.hold(shop.read("by-one.crl"), of: one)
        #expect(world.refusal(leaf) == .certificateRevoked)
    }

    @Test("revoked by fingerprint, one's own or that of a CA on the path, is revoked")
    func byFingerprint() async throws {
        let shop = try await made()
        let (root, middle, leaf) = try (shop.certificate("root"), shop.certificate("middle"), shop.certificate("leaf"))
        for revoked in [leaf, middle, root] {
            var world = world()
            world.trust(root)
            world.apply(.revoke(Revoke(.certificate(fingerprint: revoked.fingerprint), reason: nil)))
            #expect(world.refusal(leaf, sent: [middle]) == .certificateRevoked)
        }
    }

    @Test("past its nextUpdate a list vouches for nobody, or warns, as the authority says")
    func overdue() async throws {
        let shop = try await made()
        let (middle, leaf) = try (shop.certificate("middle"), shop.certificate("leaf"))
        try await shop.revocationList("list", by: "middle", days: 2)
        for (policy, refusal) in [(OverduePolicy.refuse, RejectionReason?.some(.crlOverdue)), (.warn, nil)] {
            var world = world()
            world.trust(middle, overdue: policy)
            world.enter(leaf)
            try world.hold(shop.read("list.crl"), of: middle)
            #expect(world.refusal(leaf) == nil)
            #expect(world.refusal(leaf, at: 3 * 86_400) == refusal)
            #expect(entryRefusal(world, leaf) == nil)
            #expect(entryRefusal(world, leaf, at: 3 * 86_400) == refusal)
        }
    }

    @Test("a client cannot choose another certificate of a restricted authority, nor another form of a signature, to escape it")
    func otherForms() throws {
        let now = Int64(Date().timeIntervalSince1970)
        func issue(_ name: String, _ key: PrivateKey, isAuthority: Bool, by issuer: (Certificate, PrivateKey)?) throws -> Certificate {
            try Certificate.issue(
                CertificateTemplate(
                    commonName: name, notBeforeAt: now - 60, notAfterAt: now + 86_400, isAuthority: isAuthority, usages: isAuthority ? [] : [.clientAuth]),
                publicKey: key.publicKey, issuer: issuer?.0, key: issuer?.1 ?? key)
        }
        let key = try PrivateKey.generate(.p256), leafKey = try PrivateKey.generate(.p256)
        let authority = try issue("ca", key, isAuthority: true, by: nil)
        let renewed = try issue("ca", key, isAuthority: true, by: nil)
        let leaf = try issue("leaf", leafKey, isAuthority: false, by: (authority, key))
        let twin = try #require(leaf.twin(issuer: authority))
        #expect(twin.fingerprint != leaf.fingerprint && twin.isIssued(by: authority), "the same certificate to OpenSSL")
        #expect(twin.twin(issuer: authority) == leaf)

        var world = world()
        world.trust(authority)
        #expect(world.refusal(leaf) == nil && world.refusal(twin) == nil)
        // Two certificates for one name and key: the strictest conditions hold, whichever is sent.
        world.trust(renewed, isRestricted: true)
        for sent in [[], [authority], [renewed]] {
            let record = try CertificateVerifier.vouched(leaf, sent: sent, in: world.view, now: now, paths: nil)
            #expect(record.isRestricted)
        }
        // Revoked in one form is revoked in the other.
        var revoked = world
        revoked.apply(.revoke(Revoke(.certificate(fingerprint: leaf.fingerprint), reason: nil)))
        #expect(revoked.refusal(leaf) == .certificateRevoked && revoked.refusal(twin) == .certificateRevoked)
        var gone = world
        gone.apply(.revoke(Revoke(.certificate(fingerprint: renewed.fingerprint), reason: nil)))
        #expect(gone.refusal(leaf, sent: [authority]) == .certificateRevoked, "an authority revoked by one of its certificates")
        // An entry wins over authorities, whatever form of its certificate is shown.
        world.enter(leaf)
        #expect(world.refusal(twin) == .unknownCertificate)
    }

    private func entryRefusal(_ world: AuthorityWorld, _ leaf: Certificate, at seconds: Int64 = 0) -> RejectionReason? {
        do throws(RejectionReason) {
            _ = try CertificateVerifier.entry(of: leaf, in: world.view, now: world.now + seconds)
            return nil
        } catch { return error }
    }

    @Test("an entry does not stand against its issuer's list, nor against the list of whoever issued the issuer")
    func entries() async throws {
        let shop = try await made()
        let (root, middle, leaf) = try (shop.certificate("root"), shop.certificate("middle"), shop.certificate("leaf"))
        try await shop.revocationList("of-leaf", by: "middle", revoked: ["leaf"])
        try await shop.revocationList("of-middle", by: "root", revoked: ["middle"])
        var world = world()
        world.enter(leaf)
        world.trust(root)
        world.trust(middle)
        #expect(entryRefusal(world, leaf) == nil)
        var first = world
        try first.hold(shop.read("of-leaf.crl"), of: middle)
        #expect(entryRefusal(first, leaf) == .certificateRevoked)
        try world.hold(shop.read("of-middle.crl"), of: root)
        #expect(entryRefusal(world, leaf) == .certificateRevoked)
        world.apply(.removeAuthority(fingerprint: root.fingerprint))
        #expect(entryRefusal(world, leaf) == nil, "with the authority goes its list")
    }

    @Test("an entry whose key is not at hand is not taken for one that no list names")
    func entryWithoutKey() async throws {
        let shop = try await made()
        let (middle, leaf) = try (shop.certificate("middle"), shop.certificate("leaf"))
        try await shop.revocationList("of-nobody", by: "middle")
        var world = world()
        world.trust(middle)
        let keys = world.view.keys
        world.enter(leaf)
        func refusal() -> RejectionReason? {
            do throws(RejectionReason) {
                _ = try CertificateVerifier.entry(of: leaf, in: TokenView(state: world.state, keys: keys), now: world.now)
                return nil
            } catch { return error }
        }
        #expect(refusal() == nil, "there is no list that could name it")
        try world.hold(shop.read("of-nobody.crl"), of: middle)
        #expect(entryRefusal(world, leaf) == nil)
        #expect(refusal() == .crlOverdue)
    }

    @Test("the status list says of a token what members say: bound to a revoked certificate, or speaking for one that a CRL names")
    func statusList() async throws {
        let shop = try await made()
        let (middle, leaf) = try (shop.certificate("middle"), shop.certificate("leaf"))
        try await shop.revocationList("of-leaf", by: "middle", revoked: ["leaf"])
        var world = world()
        world.trust(middle)
        world.enter(leaf)
        let key = try JWSSigningKey.generate(.es256)
        world.sign(with: key)
        let bound = String(repeating: "ab", count: 32)
        for (id, subject, fingerprint) in [("free", "alice", nil), ("bound", "alice", bound), ("leaf", leaf.fingerprint, nil)] as [(String, String, String?)] {
            world.apply(.recordToken(
                RecordToken(
                    id: id, name: "n", subject: subject, scopes: [], keyID: key.keyID, issuedAt: world.now, expiresAt: world.now + 600,
                    certificateFingerprint: fingerprint)))
        }
        func bits(_ world: AuthorityWorld) throws -> UInt8 {
            let text = try #require(try StatusList.token(0, in: world.view, now: world.now))
            let payload = try #require(Base64URL.decode(String(text.split(separator: ".")[1])))
            // Behind the head of the stream and that of its one block.
            return try #require(Base64URL.decode(try JSON(parsing: payload)["status_list"]?["lst"]?.stringValue ?? ""))[7]
        }
        #expect(try bits(world) == 0b1111_1000)
        var revoked = world
        revoked.apply(.revoke(Revoke(.certificate(fingerprint: bound), reason: nil)))
        #expect(try bits(revoked) == 0b1111_1010)
        try world.hold(shop.read("of-leaf.crl"), of: middle)
        #expect(try bits(world) == 0b1111_1100)
    }

    @Test("a token signed with the key of a revoked certificate is refused, and explain says why")
    func tokens() async throws {
        let shop = try await made()
        let (middle, leaf) = try (shop.certificate("middle"), shop.certificate("leaf"))
        var world = world()
        world.trust(middle)
        let key = try JWSSigningKey(.es256, secret: SecretBytes(try PEM.decode(String(decoding: shop.read("leaf.key"), as: UTF8.self))[0].bytes))
        let claims = #"{"sub":"\#(leaf.fingerprint)","exp":\#(world.now + 60)}"#
        let signed = Base64URL.encode(Array(#"{"alg":"ES256"}"#.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        let token = Array((signed + "." + Base64URL.encode(try key.sign(Array(signed.utf8).span))).utf8)
        let cache = SignatureCache()
        func reason() -> RejectionReason? {
            let verdict = TokenVerifier.verify(token.span, in: world.view, now: world.now, expecting: Expectation(), cache: cache)
            let explained = TokenExplainer.explain(token, in: world.view, now: world.now)
            #expect(explained.reason == verdict.reason)
            return verdict.reason
        }
        #expect(reason() == .unknownCertificate, "an authority's word is not enough for a token")
        world.enter(leaf)
        #expect(reason() == nil)
        try await shop.revocationList("of-leaf", by: "middle", revoked: ["leaf"])
        try world.hold(shop.read("of-leaf.crl"), of: middle)
        #expect(reason() == .certificateRevoked)
    }

    @Test("what another client made from a token of a revoked certificate is refused with it, whether its key signed that or it was got with it")
    func exchanged() async throws {
        let shop = try await made()
        try await shop.issue("asker", by: "root", extensions: Shop.client)
        let (middle, leaf, asker) = try (shop.certificate("middle"), shop.certificate("leaf"), shop.certificate("asker"))
        var world = world()
        world.trust(middle)
        world.enter(leaf)
        world.enter(asker)
        world.sign(with: try JWSSigningKey.generate(.es256))
        let key = try JWSSigningKey(.es256, secret: SecretBytes(try PEM.decode(String(decoding: shop.read("leaf.key"), as: UTF8.self))[0].bytes))
        let claims = #"{"sub":"\#(leaf.fingerprint)","exp":\#(world.now + 60)}"#
        let signed = try JWSCompact.sign(header: ["alg": "ES256"], payload: Array(claims.utf8), with: key)
        var request = MintRequest(subject: leaf.fingerprint, scopes: ["read"])
        request.client = MintRequest.Client(id: leaf.fingerprint)
        let got = Array(try TokenMinter.mint(request, in: world.view, now: world.now).token.utf8)
        let children = try [signed, got].map { token in
            let parent = try #require(TokenVerifier.verify(token.span, in: world.view, now: world.now).accepted)
            // For a subject of its own, so that only the line tells where it comes from.
            var request = MintRequest(subject: "alice", scopes: ["read"])
            let client: MintRequest.Client = try #require(MintRequest.Client(id: asker.fingerprint, narrowing: parent, at: world.now))
            request.client = client
            return Array(try TokenMinter.mint(request, in: world.view, now: world.now).token.utf8)
        }
        try await shop.revocationList("of-leaf", by: "middle", revoked: ["leaf"], days: 2)
        try await shop.revocationList("of-nobody", by: "middle", days: 2)
        var listed = world
        try listed.hold(shop.read("of-nobody.crl"), of: middle)
        let before = world
        try world.hold(shop.read("of-leaf.crl"), of: middle)
        for token in [signed, got] + children {
            for (world, reason) in [(before, RejectionReason?.none), (listed, nil), (world, .certificateRevoked)] {
                #expect(TokenVerifier.verify(token.span, in: world.view, now: world.now).reason == reason)
                #expect(TokenExplainer.explain(token, in: world.view, now: world.now).reason == reason)
            }
        }
    }

    @Test("the cache of paths forgets when the authorities change, and holds no more than its bound")
    func cache() async throws {
        let shop = try await made()
        let (root, middle, leaf) = try (shop.certificate("root"), shop.certificate("middle"), shop.certificate("leaf"))
        var world = world()
        world.trust(root)
        let paths = PathCache()
        func refusal(_ view: TokenView, sent: [Certificate], at seconds: Int64 = 0) -> RejectionReason? {
            do throws(RejectionReason) {
                _ = try CertificateVerifier.vouched(leaf, sent: sent, in: view, now: world.now + seconds, paths: paths)
                return nil
            } catch { return error }
        }
        let view = world.view
        for _ in 0..<2 {
            #expect(refusal(view, sent: [middle]) == nil)
            #expect(refusal(view, sent: []) == .unknownCertificate)
        }
        #expect(paths.count == 2)
        #expect(refusal(view, sent: [middle], at: 40 * 86_400) == .certificateExpired, "a path that was found is not good for ever")
        try await shop.root("other")
        world.trust(try shop.certificate("other"))
        world.apply(.removeAuthority(fingerprint: root.fingerprint))
        #expect(refusal(world.view, sent: [middle]) == .unknownCertificate)
        #expect(paths.count == 1)
        for number in 0...PathCache.countMax { _ = refusal(view, sent: Array(repeating: middle, count: number % 7) + Array(repeating: root, count: number / 7)) }
        #expect(paths.count <= PathCache.countMax)
    }
}

@Suite("Revocation lists that are not taken", .timeLimit(.minutes(5)))
struct RevocationListRefusalTests {
    private typealias Shop = OpenSSLWorkshop

    @Test("each for its reason")
    func refusals() async throws {
        let shop = try Shop()
        try await shop.root("ca")
        try await shop.root("other")
        try await shop.root("no-crl", extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"])
        let (ca, noCRL) = try (shop.certificate("ca"), shop.certificate("no-crl"))
        try await shop.revocationList("good", by: "ca")
        #expect(try RevocationList(shop.read("good.crl"), issuer: ca).number == "1")
        let der = try PEM.decode(String(decoding: shop.read("good.crl"), as: UTF8.self))[0].bytes
        #expect(try RevocationList(der, issuer: ca).serials.count == 0)
        func refusal(_ bytes: [UInt8], _ issuer: Certificate) -> RevocationListError? {
            do throws(RevocationListError) {
                _ = try RevocationList(bytes, issuer: issuer)
                return nil
            } catch { return error }
        }
        try await shop.revocationList("theirs", by: "other")
        #expect(refusal(try shop.read("theirs.crl"), ca) == .wrongIssuer)
        try await shop.revocationList("unsigned", by: "no-crl")
        #expect(refusal(try shop.read("unsigned.crl"), noCRL) == .mayNotSign)
        for (name, line, expected) in [
            ("delta", "2.5.29.27=critical,DER:020101", RevocationListError.delta), ("indirect", "issuingDistributionPoint=critical,indirectCRL:TRUE", .partial),
            ("part", "issuingDistributionPoint=critical,onlyuser:TRUE", .partial),
            ("odd", "1.3.6.1.4.1.99999.1=critical,ASN1:NULL", .unknownCriticalExtension(oid: "1.3.6.1.4.1.99999.1")),
            ("harmless", "1.3.6.1.4.1.99999.1=ASN1:NULL", nil),
        ] as [(String, String, RevocationListError?)] {
            try await shop.revocationList(name, by: "ca", extensions: [line])
            #expect(refusal(try shop.read("\(name).crl"), ca) == expected, "\(name)")
        }
        for position in [der.count - 1, der.count / 2, 0] {
            var changed = der
            changed[position] ^= 1
            #expect(refusal(changed, ca) != nil)
        }
        #expect(refusal(der + [0], ca) == .malformed)
        #expect(refusal([], ca) == .malformed)
        #expect(refusal(try shop.read("ca.pem"), ca) == .malformed)
        #expect(refusal(Array(der.dropLast(1)), ca) == .malformed)
    }

    @Test("weak hashes are refused by their names, and good ones are taken, whatever signs with them")
    func digests() async throws {
        let shop = try Shop()
        try await shop.root("ec")
        try await shop.root("rsa", key: Shop.rsa)
        try await shop.root("ed", key: Shop.ed25519)
        let pss = ["-sigopt", "rsa_padding_mode:pss"]
        let cases: [(ca: String, digest: String, options: [String], refused: String?)] = [
            ("ec", "sha1", [], "sha1"), ("rsa", "sha1", [], "sha1"), ("rsa", "md5", [], "md5"), ("rsa", "sha1", pss, "sha1"), ("ec", "sha224", [], "sha224"),
            ("rsa", "sha224", pss, "sha224"), ("ec", "sha384", [], nil), ("rsa", "sha512", [], nil), ("rsa", "sha256", pss, nil), ("ed", "null", [], nil),
        ]
        for (ca, digest, options, refused) in cases {
            try await shop.revocationList("list", by: ca, digest: digest, options: options)
            let issuer = try shop.certificate(ca)
            var weak: String?
            do throws(RevocationListError) {
                _ = try RevocationList(shop.list("list"), issuer: issuer)
            } catch {
                guard case .weakSignature(let name) = error else {
                    Issue.record("\(ca) \(digest) \(options): \(error)")
                    continue
                }
                #expect("\(error)".contains(name))
                weak = name
            }
            #expect(weak == refused, "\(ca) \(digest) \(options)")
        }
    }

    @Test("a list in PEM may be as long as one in DER, and no longer")
    func longText() throws {
        let key = try PrivateKey.generate(.p256)
        let ca = try Certificate.issue(
            CertificateTemplate(commonName: "ca", notBeforeAt: 0, notAfterAt: 4_000_000_000, isAuthority: true), publicKey: key.publicKey,
            issuer: nil, key: key)
        let serials = (0..<30_000).map { [1, UInt8($0 >> 8), UInt8($0 & 255)] + Array(repeating: 7, count: 13) as [UInt8] }
        let draft = RevocationListDraft(number: 1, thisUpdateAt: 10, nextUpdateAt: 20, serials: serials)
        let text = PEM.encode(label: "X509 CRL", try draft.signed(by: key, issuer: ca))
        #expect(text.utf8.count > 4 * PEM.textBytesMax)
        #expect(try RevocationList(Array(text.utf8), issuer: ca).serials.count == 30_000)
        let padding = [UInt8](repeating: UInt8(ascii: "\n"), count: RevocationList.derBytesMax - text.utf8.count)
        #expect(try RevocationList(padding + Array(text.utf8), issuer: ca).serials.count == 30_000)
        #expect(throws: RevocationListError.tooLarge) { try RevocationList([UInt8(ascii: "\n")] + padding + Array(text.utf8), issuer: ca) }
    }

    @Test("a long list is read whole, whatever its order, and a serial twice counts once")
    func long() throws {
        let key = try PrivateKey.generate(.p256)
        let ca = try Certificate.issue(
            CertificateTemplate(commonName: "ca", notBeforeAt: 0, notAfterAt: 4_000_000_000, isAuthority: true), publicKey: key.publicKey,
            issuer: nil, key: key)
        let serials = (0..<300).map { number in [0x7F - UInt8(number / 3)] + Array(repeating: 7, count: 15) as [UInt8] }
        let draft = RevocationListDraft(number: 256, thisUpdateAt: 10, nextUpdateAt: 20, serials: serials + [[1], [0, 200]])
        let list = try RevocationList(draft.signed(by: key, issuer: ca), issuer: ca)
        #expect(list.number == "100" && list.thisUpdateAt == 10 && list.nextUpdateAt == 20)
        #expect(list.serials.count == 102 && list.serials.groups.map(\.length) == [1, 2, 16])
        #expect(list.serials.groups[2].bytes.first == UInt8(28))
    }
}
