import Crypto
import TLS
import Testing

@Suite("Recognising the server")
struct PeerVerificationTests {
    private func connect(_ server: TLSIdentity, _ verification: PeerVerification) throws -> Link {
        let link = try Link(client: .client(identity: nil, alpn: [], verification: verification), server: .plainServer(server))
        link.handshake()
        return link
    }

    private func expectRefusal(_ server: TLSIdentity, _ verification: PeerVerification, _ comment: Comment) throws {
        let link = try connect(server, verification)
        #expect(link.clientError == .peerNotTrusted, comment)
        #expect(link.serverError == .alertReceived(42), comment)
        #expect(!link.client.isEstablished && !link.isEstablished, comment)
    }

    // MARK: Fingerprint

    @Test("the pinned fingerprint is accepted in either case, expired or not")
    func fingerprint() throws {
        let expired = try TestIdentity.selfSigned("server", from: 0, through: 1)
        let fingerprint = expired.chain[0].fingerprint
        #expect(try connect(expired, .leafFingerprint(fingerprint)).isEstablished)
        #expect(try connect(expired, .leafFingerprint(fingerprint.uppercased())).isEstablished)
    }

    @Test("another certificate, even for the same key or with the pinned one behind it, does not have the fingerprint")
    func wrongFingerprint() throws {
        let authority = try TestIdentity.Authority()
        let key = try PrivateKey.generate(.p256)
        let pinned = try authority.member(key)
        let fingerprint = pinned.chain[0].fingerprint
        try expectRefusal(authority.member(key), .leafFingerprint(fingerprint), "same key, other certificate")
        let other = try TestIdentity.selfSigned("other")
        try expectRefusal(other, .leafFingerprint(fingerprint), "other certificate")
        let behind = TLSIdentity(chain: other.chain + pinned.chain, key: other.key)
        try expectRefusal(behind, .leafFingerprint(fingerprint), "pinned certificate behind another leaf")
        for text in ["", String(fingerprint.dropLast()), fingerprint + "0", String(repeating: "0", count: 64)] {
            try expectRefusal(pinned, .leafFingerprint(text), "\(text)")
        }
    }

    // MARK: Public key

    @Test("the pinned public key is accepted in any certificate, also an expired one")
    func publicKey() throws {
        let key = try PrivateKey.generate(.p256)
        let pin = PeerVerification.leafPublicKey(spki: key.publicKey.spki)
        let authority = try TestIdentity.Authority()
        #expect(try connect(authority.member(key), pin).isEstablished)
        #expect(try connect(authority.member(key, from: 0, through: 1), pin).isEstablished)
        #expect(try connect(TestIdentity.Authority().member(key), pin).isEstablished)
    }

    @Test("another key is refused, whatever its certificate says")
    func wrongPublicKey() throws {
        let key = try PrivateKey.generate(.p256)
        let authority = try TestIdentity.Authority()
        let member = try authority.member()
        try expectRefusal(member, .leafPublicKey(spki: key.publicKey.spki), "same names, same authority")
        let behind = TLSIdentity(chain: member.chain + [try authority.member(key).chain[0]], key: member.key)
        try expectRefusal(behind, .leafPublicKey(spki: key.publicKey.spki), "pinned key behind another leaf")
        try expectRefusal(member, .leafPublicKey(spki: []), "no pin")
        try expectRefusal(member, .leafPublicKey(spki: Array(member.key.publicKey.spki.dropLast())), "cut pin")
        try expectRefusal(member, .leafPublicKey(spki: authority.key.publicKey.spki), "the authority's key is not the leaf's")
    }

    // MARK: Authority

    @Test("a leaf of the pinned authority is accepted")
    func authority() throws {
        let authority = try TestIdentity.Authority()
        let pin = authority.certificate.fingerprint
        #expect(try connect(authority.member(), .authority(sha256Hex: pin)).isEstablished)
        #expect(try connect(authority.member(), .authority(sha256Hex: pin.uppercased(), validAt: TestIdentity.now)).isEstablished)
    }

    @Test("showing the pinned authority is not being issued by it")
    func wrongAuthority() throws {
        let authority = try TestIdentity.Authority()
        let pin = PeerVerification.authority(sha256Hex: authority.certificate.fingerprint)
        let stranger = try TestIdentity.Authority()
        let strangersMember = try stranger.member()
        try expectRefusal(strangersMember, pin, "another authority of the same name")
        let leaf = strangersMember.chain[0]
        try expectRefusal(TLSIdentity(chain: [leaf, authority.certificate], key: strangersMember.key), pin, "borrowed authority")
        try expectRefusal(
            TLSIdentity(chain: [leaf, stranger.certificate, authority.certificate], key: strangersMember.key), pin, "borrowed, at the end")
        let own = try TestIdentity.selfSigned("Credence cluster test")
        try expectRefusal(TLSIdentity(chain: own.chain + [authority.certificate], key: own.key), pin, "self-signed in the authority's name")
        let member = try authority.member()
        try expectRefusal(TLSIdentity(chain: [member.chain[0]], key: member.key), pin, "authority not shown")
        try expectRefusal(member, .authority(sha256Hex: ""), "no pin")
        try expectRefusal(member, .authority(sha256Hex: member.chain[0].fingerprint), "the leaf is not its own authority")
        try expectRefusal(
            TLSIdentity(chain: [authority.certificate], key: authority.key), pin, "the authority itself is not a member")
    }

    @Test("a member cannot issue members")
    func leafAsAuthority() throws {
        let authority = try TestIdentity.Authority()
        let member = try authority.member()
        let key = try PrivateKey.generate(.p256)
        let forged = try Certificate.issue(
            CertificateTemplate(commonName: "forged", notBeforeAt: 0, notAfterAt: TestIdentity.now), publicKey: key.publicKey,
            issuer: member.chain[0], key: member.key)
        let identity = TLSIdentity(chain: [forged] + member.chain, key: key)
        try expectRefusal(identity, .authority(sha256Hex: authority.certificate.fingerprint), "issued by a member")
        try expectRefusal(identity, .authority(sha256Hex: member.chain[0].fingerprint), "pinned to a member")
    }

    @Test("a certificate that the authority issued for a client does not pass for a member")
    func clientAsServer() throws {
        let authority = try TestIdentity.Authority()
        let pin = PeerVerification.authority(sha256Hex: authority.certificate.fingerprint)
        try expectRefusal(authority.member(usages: [.clientAuth]), pin, "for clients alone")
        #expect(try connect(authority.member(usages: [.serverAuth]), pin).isEstablished)
    }

    @Test("with a time, an expired leaf is refused")
    func expiredLeaf() throws {
        let authority = try TestIdentity.Authority()
        let pin = authority.certificate.fingerprint
        let expired = try authority.member(from: 0, through: TestIdentity.now - 1)
        try expectRefusal(expired, .authority(sha256Hex: pin, validAt: TestIdentity.now), "expired leaf")
        try expectRefusal(authority.member(), .authority(sha256Hex: pin, validAt: TestIdentity.now + 2_000_000), "all expired")
        #expect(try connect(expired, .authority(sha256Hex: pin)).isEstablished)
    }

    // MARK: Custom

    @Test("a custom rule sees the chain as sent and decides")
    func custom() throws {
        let member = try TestIdentity.Authority().member()
        #expect(try connect(member, .custom { $0 == member.chain }).isEstablished)
        try expectRefusal(member, .custom { _ in false }, "refused")
    }
}
