/// Reads the frames of a client (RFC 6455 §5) as a value: bytes go in, what they ask for comes out.
///
/// Nothing is expected of a client but control frames: its messages are bounded and dropped, and so never checked to be
/// UTF-8, which §8.1 asks of an endpoint that interprets them.
package struct WebSocketReader: Sendable {
    package enum Event: Equatable, Sendable {
        case needsMore
        /// To be answered by a pong with the same payload.
        case ping([UInt8])
        case pong
        /// A whole message came, and was dropped.
        case message
        /// The client ends it; nil without a code. No byte behind it is read.
        case close(WebSocketCloseCode?)
        case failed(Failure)
    }

    /// What a client did that the protocol does not allow. No byte behind it is read.
    package enum Failure: Error, Equatable, Sendable {
        case notMasked
        /// A bit that only a negotiated extension may set.
        case reservedBit
        case unknownOpcode(UInt8)
        case fragmentedControl
        case controlTooLong
        /// A length in more bytes than it needs, or beyond 63 bits.
        case badLength
        /// A continuation of nothing, or a message within another.
        case badFragments
        case badClose
        case messageTooLong

        package var closeCode: WebSocketCloseCode {
            self == .messageTooLong ? .messageTooBig : .protocolError
        }
    }

    /// Of one message, all its fragments together.
    package static let messageBytesMax = 64 * 1024

    private enum Phase: Sendable {
        /// What has come of a frame's header.
        case header([UInt8])
        case payload(Frame, bytesLeft: Int, collected: [UInt8])
        case ended(Event)
    }

    private struct Frame: Sendable {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        var mask: (UInt8, UInt8, UInt8, UInt8)
        var length: Int

        func unmasked(_ byte: UInt8, at position: Int) -> UInt8 {
            switch position & 3 {
            case 0: byte ^ mask.0
            case 1: byte ^ mask.1
            case 2: byte ^ mask.2
            default: byte ^ mask.3
            }
        }
    }

    private var phase = Phase.header([])
    /// Of the message that is under way in fragments; nil between messages.
    private var messageBytes: Int?

    package init() {}

    package mutating func advance(_ input: borrowing Span<UInt8>, from offset: inout Int) -> Event {
        while true {
            switch phase {
            case .ended(let event):
                return event
            case .header(var bytes):
                while bytes.count < Self.headerBytes(bytes), offset < input.count {
                    bytes.append(input[offset])
                    offset += 1
                }
                guard bytes.count == Self.headerBytes(bytes) else {
                    phase = .header(bytes)
                    return .needsMore
                }
                do throws(Failure) {
                    let frame = try begin(bytes)
                    phase = .payload(frame, bytesLeft: frame.length, collected: [])
                } catch {
                    return end(.failed(error))
                }
            case .payload(let frame, var bytesLeft, var collected):
                // Not copied while it grows: the other holder of the storage is let go.
                phase = .header([])
                let count = min(bytesLeft, input.count - offset)
                if frame.opcode.isControl {
                    for position in offset..<offset + count {
                        collected.append(frame.unmasked(input[position], at: collected.count))
                    }
                }
                offset += count
                bytesLeft -= count
                guard bytesLeft == 0 else {
                    phase = .payload(frame, bytesLeft: bytesLeft, collected: collected)
                    return .needsMore
                }
                if let event = finish(frame, collected) { return event }
            }
        }
    }

    /// How long the header is, as far as its first bytes tell: at least one byte more than there are, until it is whole.
    private static func headerBytes(_ bytes: [UInt8]) -> Int {
        guard bytes.count >= 2 else { return 2 }
        let extended = switch bytes[1] & 0x7F {
        case 126: 2
        case 127: 8
        default: 0
        }
        return 2 + extended + (bytes[1] & 0x80 == 0 ? 0 : 4)
    }

    private mutating func begin(_ bytes: [UInt8]) throws(Failure) -> Frame {
        guard bytes[0] & 0x70 == 0 else { throw .reservedBit }
        guard let opcode = WebSocketOpcode(rawValue: bytes[0] & 0x0F) else { throw .unknownOpcode(bytes[0] & 0x0F) }
        guard bytes[1] & 0x80 != 0 else { throw .notMasked }
        let isFinal = bytes[0] & 0x80 != 0
        let length = try Self.length(bytes)
        if opcode.isControl {
            guard isFinal else { throw .fragmentedControl }
            guard length <= WebSocketFrame.controlBytesMax else { throw .controlTooLong }
        } else {
            guard (opcode == .continuation) == (messageBytes != nil) else { throw .badFragments }
            let (sum, overflow) = (messageBytes ?? 0).addingReportingOverflow(length)
            guard !overflow, sum <= Self.messageBytesMax else { throw .messageTooLong }
            messageBytes = sum
        }
        let mask = bytes.suffix(4)
        let first = mask.startIndex
        return Frame(
            opcode: opcode, isFinal: isFinal, mask: (mask[first], mask[first + 1], mask[first + 2], mask[first + 3]), length: length)
    }

    private static func length(_ bytes: [UInt8]) throws(Failure) -> Int {
        let short = Int(bytes[1] & 0x7F)
        guard short >= 126 else { return short }
        let length = bytes[2..<(short == 126 ? 4 : 10)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // RFC 6455 §5.2: the fewest bytes, and never the uppermost bit.
        guard length > (short == 126 ? 125 : 0xFFFF), length <= UInt64(Int.max) else { throw .badLength }
        return Int(length)
    }

    /// Nil for a fragment that is not the last of its message.
    private mutating func finish(_ frame: Frame, _ payload: [UInt8]) -> Event? {
        switch frame.opcode {
        case .continuation, .text, .binary:
            guard frame.isFinal else { return nil }
            messageBytes = nil
            return .message
        case .ping: return .ping(payload)
        case .pong: return .pong
        case .close:
            guard !payload.isEmpty else { return end(.close(nil)) }
            guard payload.count >= 2, let code = WebSocketCloseCode(received: UInt16(payload[0]) << 8 | UInt16(payload[1])),
                String(validating: payload[2...], as: UTF8.self) != nil
            else { return end(.failed(.badClose)) }
            return end(.close(code))
        }
    }

    private mutating func end(_ event: Event) -> Event {
        phase = .ended(event)
        return event
    }
}
