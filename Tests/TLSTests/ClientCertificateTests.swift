import Crypto
import TLS
import Testing

@Suite("Client certificates")
struct ClientCertificateTests {
    private let server: TLSIdentity

    init() throws {
        server = try TestIdentity.selfSigned("server")
    }

    private func connect(_ identity: TLSIdentity?) throws -> Link {
        let link = try Link(client: .pinning(server, identity: identity), server: .plainServer(server))
        link.handshake()
        return link
    }

    @Test("none is needed")
    func none() throws {
        let link = try connect(nil)
        #expect(link.isEstablished)
        #expect(link.server.peerCertificates.isEmpty)
    }

    @Test("a self-signed one is accepted and seen", arguments: [KeyType.p256, .p384, .ed25519])
    func selfSigned(type: KeyType) throws {
        let identity = try TestIdentity.selfSigned("client", type)
        let link = try connect(identity)
        #expect(link.isEstablished)
        #expect(link.server.peerCertificates == identity.chain)
    }

    @Test("one of an unknown authority is accepted, and the chain is seen as sent")
    func unknownAuthority() throws {
        let identity = try TestIdentity.Authority(name: "somebody").member()
        let link = try connect(identity)
        #expect(link.isEstablished)
        #expect(link.server.peerCertificates == identity.chain)
    }

    @Test("expired, not yet valid and authority certificates are accepted and seen")
    func times() throws {
        let expired = try TestIdentity.selfSigned("expired", from: 0, through: 1)
        let future = try TestIdentity.selfSigned("future", from: 4_000_000_000, through: 4_000_000_001)
        let authority = try TestIdentity.Authority()
        for identity in [expired, future, TLSIdentity(chain: [authority.certificate], key: authority.key)] {
            let link = try connect(identity)
            #expect(link.isEstablished)
            #expect(link.server.peerCertificates == identity.chain)
        }
    }

    @Test("the request names no authority, so that no client holds its certificate back")
    func emptyAuthorityList() throws {
        let link = try connect(try TestIdentity.selfSigned("client"))
        #expect(link.isEstablished)
        #expect(link.client.requestedAuthorityCount == 0)
    }

    @Test("a client that does not trust the server sends it nothing of its own")
    func nothingBeforeTrust() throws {
        let identity = try TestIdentity.selfSigned("client")
        let other = try TestIdentity.selfSigned("other")
        let link = try Link(client: .pinning(other, identity: identity), server: .plainServer(server))
        link.handshake()
        #expect(link.clientError == .peerNotTrusted)
        #expect(link.server.peerCertificates.isEmpty)
    }
}
