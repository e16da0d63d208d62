import Crypto
import TLS
import Testing

@Suite("TLS data")
struct TransferTests {
    private func establishedLink() throws -> Link {
        let identity = try TestIdentity.selfSigned("server")
        let link = try Link(client: .pinning(identity), server: .plainServer(identity))
        link.handshake()
        try #require(link.isEstablished)
        return link
    }

    @Test("large transfers arrive whole in both directions, whatever the pieces", arguments: [1, 7, 1000, 16_384, 100_000])
    func largeTransfers(pieceBytesMax: Int) throws {
        let link = try establishedLink()
        link.pieceBytesMax = pieceBytesMax
        let total = pieceBytesMax == 1 ? 20_000 : 200_000
        let (up, down) = (SecureRandom.bytes(total), SecureRandom.bytes(total))
        try link.client.write(up)
        try link.server.write(down)
        #expect(try link.deliver(from: link.client, to: link.server) == up)
        #expect(try link.deliver(from: link.server, to: link.client) == down)
    }

    @Test("many small writes make one stream, and leave together")
    func manyWrites() throws {
        let link = try establishedLink()
        for number in 0..<500 { try link.client.write([UInt8(number % 251)]) }
        #expect(try link.deliver(from: link.client, to: link.server) == (0..<500).map { UInt8($0 % 251) })
        #expect(!link.client.hasOutgoing)
    }

    @Test("an empty write sends nothing")
    func emptyWrite() throws {
        let link = try establishedLink()
        try link.client.write([])
        #expect(!link.client.hasOutgoing)
    }

    @Test("buffers that once were large are still usable when they have been replaced")
    func afterLargeTransfer() throws {
        let link = try establishedLink()
        for round in 0..<5 {
            let bytes = SecureRandom.bytes(round.isMultiple(of: 2) ? 150_000 : 10)
            try link.client.write(bytes)
            #expect(try link.deliver(from: link.client, to: link.server) == bytes)
        }
    }

    @Test("a changed bit in a record is an error, and nothing of the record is delivered", arguments: 0..<40)
    func tamperedRecord(seed: Int) throws {
        let link = try establishedLink()
        link.tamper = { _, bytes in
            var changed = bytes
            let index = 5 + (seed * 13) % (bytes.count - 5)
            changed[index] ^= 1 << UInt8(seed % 8)
            return changed
        }
        try link.client.write(Array("transfer 100".utf8))
        #expect(throws: TLSError.self) { try link.deliver(from: link.client, to: link.server) }
        // A failed session stays failed.
        var plaintext: [UInt8] = []
        #expect(throws: TLSError.self) { _ = try link.server.read(into: &plaintext) }
        #expect(plaintext.isEmpty)
        #expect(throws: TLSError.self) { try link.server.write([1]) }
    }

    @Test("a replayed record is an error")
    func replay() throws {
        let link = try establishedLink()
        try link.client.write([1, 2, 3])
        var record: [UInt8] = []
        link.client.takeOutgoing(into: &record)
        var plaintext: [UInt8] = []
        try link.server.feed(record.span)
        #expect(try link.server.read(into: &plaintext))
        #expect(plaintext == [1, 2, 3])
        try link.server.feed(record.span)
        #expect(throws: TLSError.self) { _ = try link.server.read(into: &plaintext) }
        #expect(plaintext == [1, 2, 3])
    }

    @Test("close_notify is an end, and its absence a truncation")
    func endings() throws {
        let clean = try establishedLink()
        try clean.client.write([9])
        clean.client.sendCloseNotify()
        var plaintext = try clean.deliver(from: clean.client, to: clean.server)
        #expect(plaintext == [9])
        #expect(try !clean.server.read(into: &plaintext))
        #expect(clean.server.hasReceivedCloseNotify)
        try clean.server.endOfInput()

        let cut = try establishedLink()
        try cut.client.write([9])
        plaintext = try cut.deliver(from: cut.client, to: cut.server)
        #expect(plaintext == [9])
        #expect(!cut.server.hasReceivedCloseNotify)
        #expect(throws: TLSError.truncated) { try cut.server.endOfInput() }
    }

    @Test("a record cut in the middle is a truncation and delivers nothing")
    func cutRecord() throws {
        let link = try establishedLink()
        link.tamper = { _, bytes in Array(bytes.dropLast()) }
        try link.client.write([1, 2, 3])
        #expect(try link.deliver(from: link.client, to: link.server).isEmpty)
        #expect(throws: TLSError.truncated) { try link.server.endOfInput() }
    }

    @Test("after close_notify one side still hears the other, and writes no more itself")
    func halfClose() throws {
        let link = try establishedLink()
        link.client.sendCloseNotify()
        link.client.sendCloseNotify()
        #expect(try link.deliver(from: link.client, to: link.server).isEmpty)
        #expect(throws: TLSError.sessionEnded) { try link.client.write([1]) }
        try link.server.write([4, 5])
        #expect(try link.deliver(from: link.server, to: link.client) == [4, 5])
    }

    @Test("one byte more than may wait unread is refused")
    func unreadBound() throws {
        let identity = try TestIdentity.selfSigned("server")
        let session = try TLSSession(context: .plainServer(identity))
        try session.feed([UInt8](repeating: 0x16, count: TLSSession.unreadBytesMax).span)
        #expect(throws: TLSError.inputNotRead) { try session.feed([0].span) }
    }
}
