import HTTP
import Testing

@Suite("Frames of a WebSocket")
struct WebSocketReaderTests {
    /// As a client masks it.
    private static func frame(_ first: UInt8, _ payload: [UInt8], lengthBytes: Int = 0, masks: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        var bytes = [first]
        let flag: UInt8 = masks ? 0x80 : 0
        func append(_ count: Int) { for place in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: payload.count >> (8 * place))) } }
        switch lengthBytes != 0 ? lengthBytes : payload.count < 126 ? 1 : payload.count <= 0xFFFF ? 2 : 8 {
        case 1: bytes.append(flag | UInt8(payload.count))
        case 2:
            bytes.append(flag | 126)
            append(2)
        default:
            bytes.append(flag | 127)
            append(8)
        }
        guard masks else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
    }

    /// All events until the bytes are used up or the stream is over.
    private static func read(_ bytes: [UInt8], pieceBytes: Int = .max) -> [WebSocketReader.Event] {
        var reader = WebSocketReader()
        var events: [WebSocketReader.Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceBytes))
            rest = rest.dropFirst(piece.count)
            var offset = 0
            reading: while true {
                let event = reader.advance(piece.span, from: &offset)
                switch event {
                case .needsMore: break reading
                case .close, .failed: return events + [event]
                default: events.append(event)
                }
            }
        }
        return events
    }

    @Test("the examples of RFC 6455 §5.7 are read and written")
    func examples() {
        #expect(Self.read([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]) == [.message])
        #expect(Self.read([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]) == [.pong])
        #expect(WebSocketFrame.encoded(.text, Array("Hello".utf8)) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(WebSocketFrame.encoded(.ping, Array("Hello".utf8)) == [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(WebSocketFrame.encoded(.binary, [UInt8](repeating: 7, count: 256)).prefix(4) == [0x82, 0x7E, 0x01, 0x00])
        #expect(WebSocketFrame.encoded(.binary, [UInt8](repeating: 7, count: 65_536)).prefix(10) == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])
        #expect(WebSocketFrame.close(.goingAway) == [0x88, 0x02, 0x03, 0xE9])
    }

    @Test("a ping comes back unmasked, up to 125 bytes", arguments: [0, 1, 4, 5, 125])
    func ping(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for pieceBytes in [1, 3, .max] { #expect(Self.read(Self.frame(0x89, payload), pieceBytes: pieceBytes) == [.ping(payload)]) }
    }

    @Test("a control frame of 126 bytes, one in fragments, and a length in more bytes than needed are refused")
    func control() {
        let long = [UInt8](repeating: 1, count: 126)
        for opcode: UInt8 in [0x8, 0x9, 0xA] {
            #expect(Self.read(Self.frame(0x80 | opcode, long)) == [.failed(.controlTooLong)])
            #expect(Self.read(Self.frame(opcode, [])) == [.failed(.fragmentedControl)])
        }
        #expect(Self.read(Self.frame(0x81, [1], lengthBytes: 2)) == [.failed(.badLength)])
        #expect(Self.read(Self.frame(0x81, long, lengthBytes: 8)) == [.failed(.badLength)])
        #expect(Self.read([0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) == [.failed(.badLength)])
    }

    @Test("a frame that is not masked, sets a reserved bit or has an opcode nobody knows is refused")
    func header() {
        #expect(Self.read(Self.frame(0x81, [1, 2], masks: false)) == [.failed(.notMasked)])
        #expect(Self.read(Self.frame(0x89, [], masks: false)) == [.failed(.notMasked)])
        for bit: UInt8 in [0x40, 0x20, 0x10] { #expect(Self.read(Self.frame(0x81 | bit, [])) == [.failed(.reservedBit)]) }
        for opcode: UInt8 in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            #expect(Self.read(Self.frame(0x80 | opcode, [])) == [.failed(.unknownOpcode(opcode))])
        }
    }

    @Test("a message may be as long as the bound and no byte longer, in one frame or in many")
    func bounds() {
        let max = WebSocketReader.messageBytesMax
        #expect(Self.read(Self.frame(0x82, [UInt8](repeating: 0, count: max))) == [.message])
        #expect(Self.read(Self.frame(0x82, [UInt8](repeating: 0, count: max + 1))) == [.failed(.messageTooLong)])
        let most = Self.frame(0x02, [UInt8](repeating: 0, count: max - 1))
        #expect(Self.read(most + Self.frame(0x80, [0])) == [.message])
        #expect(Self.read(most + Self.frame(0x80, [0, 0])) == [.failed(.messageTooLong)])
        // The next message has the whole bound again.
        #expect(Self.read(most + Self.frame(0x80, [0]) + most + Self.frame(0x80, [0])) == [.message, .message])
        // Announced and never sent: refused before any of it is waited for.
        #expect(Self.read([0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) == [.failed(.messageTooLong)])
    }

    @Test("fragments belong to one message, with control frames in between")
    func fragments() {
        let parts = Self.frame(0x01, [1]) + Self.frame(0x89, [9]) + Self.frame(0x00, [2]) + Self.frame(0x80, [3])
        #expect(Self.read(parts) == [.ping([9]), .message])
        #expect(Self.read(Self.frame(0x80, [1])) == [.failed(.badFragments)])
        #expect(Self.read(Self.frame(0x01, [1]) + Self.frame(0x81, [2])) == [.failed(.badFragments)])
    }

    @Test(
        "a close frame carries a code that may be sent, or none",
        arguments: [
            ([], WebSocketReader.Event.close(nil)), ([0x03, 0xE8], .close(.normal)), ([0x03, 0xE8, 0x6F, 0x6B], .close(.normal)),
            ([0x03], .failed(.badClose)), ([0x03, 0xED], .failed(.badClose)), ([0x03, 0xEE], .failed(.badClose)), ([0, 0], .failed(.badClose)),
            ([0x03, 0xE8, 0xC3, 0x28], .failed(.badClose)), ([0x13, 0x88], .failed(.badClose)),
        ])
    func close(payload: [UInt8], event: WebSocketReader.Event) {
        #expect(Self.read(Self.frame(0x88, payload) + Self.frame(0x89, [])) == [event])
    }

    @Test("no bytes trap, and what they say does not depend on how they are cut", arguments: 0..<40)
    func fuzz(seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        for round in 0..<200 {
            var bytes: [UInt8] = []
            for _ in 0...dice.roll(4) {
                let opcodes: [UInt8] = [0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A]
                bytes += Self.frame(opcodes[dice.roll(opcodes.count)], (0..<dice.roll(140)).map { _ in UInt8(dice.roll(256)) })
            }
            for _ in 0..<dice.roll(4) { bytes[dice.roll(bytes.count)] = UInt8(dice.roll(256)) }
            let whole = Self.read(bytes)
            #expect(Self.read(bytes, pieceBytes: 1 + dice.roll(9)) == whole, "seed \(seed), round \(round): \(bytes)")
            let noise = (0..<dice.roll(200)).map { _ in UInt8(dice.roll(256)) }
            #expect(Self.read(noise, pieceBytes: 1) == Self.read(noise), "seed \(seed), round \(round): \(noise)")
        }
    }
}
