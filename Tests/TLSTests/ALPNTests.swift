import Crypto
import TLS
import Testing

@Suite("Application protocols and identities")
struct ALPNTests {
    private let shared: TLSIdentity
    private let member: TLSIdentity
    private let server: TLSContext

    init() throws {
        shared = try TestIdentity.selfSigned("shared")
        member = try TestIdentity.Authority().member()
        server = try TLSContext.server(identity: shared, peerIdentity: ("credence-peer/1", member), alpn: ["http/1.1"])
    }

    private func connect(_ alpn: [String], expecting identity: TLSIdentity) throws -> Link {
        let client = try TLSContext.client(identity: nil, alpn: alpn, verification: .leafPublicKey(spki: identity.key.publicKey.spki))
        let link = try Link(client: client, server: server)
        link.handshake()
        return link
    }

    @Test("without ALPN there is no protocol, and the shared certificate is presented")
    func none() throws {
        let link = try connect([], expecting: shared)
        #expect(link.isEstablished)
        #expect(link.client.negotiatedProtocol == nil && link.server.negotiatedProtocol == nil)
    }

    @Test("http/1.1 is chosen among others, with the shared certificate", arguments: [["http/1.1"], ["h2", "http/1.1"], ["http/1.1", "h2"]])
    func http(alpn: [String]) throws {
        let link = try connect(alpn, expecting: shared)
        #expect(link.isEstablished)
        #expect(link.client.negotiatedProtocol == "http/1.1" && link.server.negotiatedProtocol == "http/1.1")
    }

    @Test("the peer protocol brings the member's own certificate and its chain", arguments: [["credence-peer/1"], ["http/1.1", "credence-peer/1"]])
    func peer(alpn: [String]) throws {
        let link = try connect(alpn, expecting: member)
        #expect(link.isEstablished)
        #expect(link.server.negotiatedProtocol == "credence-peer/1")
        #expect(link.client.peerCertificates == member.chain)
    }

    @Test("nobody sees the member's certificate without asking for the peer protocol, or the shared one with it")
    func wrongExpectation() throws {
        #expect(try connect(["http/1.1"], expecting: member).clientError == .peerNotTrusted)
        #expect(try connect([], expecting: member).clientError == .peerNotTrusted)
        #expect(try connect(["credence-peer/1"], expecting: shared).clientError == .peerNotTrusted)
    }

    @Test("a client certificate reaches the server under the peer protocol too")
    func peerClientCertificate() throws {
        let own = try TestIdentity.Authority().member()
        let client = try TLSContext.client(
            identity: own, alpn: ["credence-peer/1"], verification: .leafPublicKey(spki: member.key.publicKey.spki))
        let link = try Link(client: client, server: server)
        link.handshake()
        #expect(link.isEstablished)
        #expect(link.server.peerCertificates == own.chain)
        #expect(link.client.requestedAuthorityCount == 0)
    }

    @Test(
        "only unknown protocols end in no_application_protocol",
        arguments: [["h2"], ["credence-peer/3", "h2"], ["credence-peer/"], ["http/1"], ["HTTP/1.1"]])
    func unknown(alpn: [String]) throws {
        let link = try connect(alpn, expecting: shared)
        #expect(link.serverError == .noCommonProtocol)
        #expect(link.clientError == .alertReceived(120))
    }

    @Test("protocol names have bounds")
    func nameBounds() throws {
        func make(_ names: [String]) throws -> TLSContext {
            try TLSContext.client(identity: nil, alpn: names, verification: .leafFingerprint(""))
        }
        _ = try make([String(repeating: "x", count: 255)])
        for names in [[""], [String(repeating: "x", count: 256)], [String](repeating: String(repeating: "x", count: 255), count: 5)] {
            #expect(throws: TLSError.unusableIdentity(reason: "bad application protocol name")) { try make(names) }
        }
    }
}
