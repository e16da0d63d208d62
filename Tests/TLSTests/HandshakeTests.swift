import Crypto
import TLS
import Testing

@Suite("TLS handshakes")
struct HandshakeTests {
    @Test("a client that pins the server's fingerprint gets through, and both sides talk TLS 1.3")
    func pinned() throws {
        let identity = try TestIdentity.selfSigned("server")
        let link = try Link(client: .pinning(identity), server: .plainServer(identity))
        link.handshake()
        #expect(link.isEstablished)
        #expect(link.client.protocolVersion == "TLSv1.3")
        #expect(link.client.peerCertificates == identity.chain)
        try link.client.write(Array("question".utf8))
        #expect(try link.deliver(from: link.client, to: link.server) == Array("question".utf8))
        try link.server.write(Array("answer".utf8))
        #expect(try link.deliver(from: link.server, to: link.client) == Array("answer".utf8))
    }

    @Test("every kind of server key works", arguments: [KeyType.p256, .p384, .ed25519])
    func keyTypes(type: KeyType) throws {
        let identity = try TestIdentity.selfSigned("server", type)
        let link = try Link(client: .pinning(identity), server: .plainServer(identity))
        link.handshake()
        #expect(link.isEstablished)
    }

    @Test("a client that cannot speak TLS 1.3 gets a typed error and an alert")
    func oldClient() throws {
        let server = try TLSSession(context: .plainServer(TestIdentity.selfSigned("server")))
        // A TLS 1.2 ClientHello: no supported_versions, ECDHE-ECDSA-AES128-GCM.
        let hello: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0xc0, 0x2b, 1, 0]
        let message = [1, 0, 0, UInt8(hello.count)] + hello
        try server.feed(([0x16, 3, 1, 0, UInt8(message.count)] + message).span)
        #expect(throws: TLSError.noCommonVersion) { try server.advanceHandshake() }
        var alert: [UInt8] = []
        server.takeOutgoing(into: &alert)
        #expect(alert == [0x15, 3, 1, 0, 2, 2, 70] || alert == [0x15, 3, 3, 0, 2, 2, 70])
    }

    @Test("a server that cannot speak TLS 1.3 is refused")
    func oldServer() throws {
        let identity = try TestIdentity.selfSigned("server")
        let client = try TLSSession(context: .pinning(identity))
        #expect(try client.advanceHandshake() == .needsMore)
        let hello: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0xc0, 0x2b, 0]
        let message = [2, 0, 0, UInt8(hello.count)] + hello
        try client.feed(([0x16, 3, 3, 0, UInt8(message.count)] + message).span)
        #expect(throws: TLSError.noCommonVersion) { try client.advanceHandshake() }
    }

    @Test("any server name is accepted", arguments: ["credence.test", "other.example", "x"])
    func serverNames(name: String) throws {
        let identity = try TestIdentity.selfSigned("server")
        let link = try Link(client: .pinning(identity), server: .plainServer(identity), serverName: name)
        link.handshake()
        #expect(link.isEstablished)
    }

    @Test("the handshake works one byte at a time")
    func tinyPieces() throws {
        let identity = try TestIdentity.selfSigned("server")
        let link = try Link(client: .pinning(identity, identity: identity, alpn: ["http/1.1"]), server: .plainServer(identity))
        link.pieceBytesMax = 1
        link.handshake()
        #expect(link.isEstablished)
        #expect(link.server.peerCertificates == identity.chain)
    }

    @Test("garbage to a server is a typed error or a wait for more, never a session", arguments: 0..<60)
    func garbage(seed: UInt64) throws {
        let server = try TLSSession(context: .plainServer(TestIdentity.selfSigned("server")))
        var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
        var bytes: [UInt8] = (0..<2000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        // Half of them look like a handshake record, so that more than the header is read.
        if seed.isMultiple(of: 2) { bytes.replaceSubrange(0..<9, with: [0x16, 3, 1, 4, 0, 1, 0, 3, 0xfc]) }
        do throws(TLSError) {
            try server.feed(bytes.span)
            #expect(try server.advanceHandshake() == .needsMore)
        } catch {
            #expect(throws: error) { try server.advanceHandshake() }
        }
        #expect(!server.isEstablished)
        #expect(throws: TLSError.self) { try server.write([1]) }
    }

    @Test("HTTP in clear on the TLS port is told apart")
    func clearText() throws {
        let server = try TLSSession(context: .plainServer(TestIdentity.selfSigned("server")))
        try server.feed(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8).span)
        #expect(throws: TLSError.protocolViolation(reason: "http request")) { try server.advanceHandshake() }
    }

    @Test("a changed byte in any flight ends the handshake without a trap", arguments: 0..<200)
    func tampering(seed: Int) throws {
        let identity = try TestIdentity.selfSigned("server")
        let link = try Link(client: .pinning(identity, identity: identity), server: .plainServer(identity))
        var remaining = 1
        link.tamper = { isClient, bytes in
            // Past the first record's header, whose version field nobody checks.
            guard remaining > 0, isClient == seed.isMultiple(of: 2), bytes.count > 6 else { return bytes }
            remaining -= 1
            var changed = bytes
            changed[6 + (seed * 7919) % (bytes.count - 6)] ^= UInt8(1 + seed % 255)
            return changed
        }
        link.handshake()
        #expect(remaining == 0)
        // The few bytes outside the transcript (padding records) may change nothing; all others must be noticed.
        if link.isEstablished {
            try link.client.write([1, 2, 3])
            #expect(try link.deliver(from: link.client, to: link.server) == [1, 2, 3])
        } else {
            #expect(!link.server.isEstablished)
        }
    }

    @Test("a key that does not belong to the certificate is refused at once")
    func mismatchedIdentity() throws {
        let identity = try TestIdentity.selfSigned("server")
        let stolen = TLSIdentity(chain: identity.chain, key: try PrivateKey.generate(.p256))
        #expect(throws: TLSError.self) { try TLSContext.plainServer(stolen) }
        #expect(throws: TLSError.self) { try TLSContext.pinning(identity, identity: stolen) }
        #expect(throws: TLSError.unusableIdentity(reason: "no certificate")) {
            try TLSContext.plainServer(TLSIdentity(chain: [], key: identity.key))
        }
    }

    @Test("no session is resumed: the server sends no ticket")
    func noTickets() throws {
        let identity = try TestIdentity.selfSigned("server")
        let link = try Link(client: .pinning(identity), server: .plainServer(identity))
        var serverFlights = 0
        link.tamper = { isClient, bytes in
            if !isClient, !bytes.isEmpty { serverFlights += 1 }
            return bytes
        }
        link.handshake()
        #expect(link.isEstablished)
        // A ticket would be a second flight, after the client's Finished.
        #expect(serverFlights == 1)
    }
}
