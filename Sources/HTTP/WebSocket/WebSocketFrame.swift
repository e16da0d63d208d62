/// The kinds of frame (RFC 6455 §5.2).
package enum WebSocketOpcode: UInt8, Sendable, CaseIterable {
    case continuation = 0x0, text = 0x1, binary = 0x2
    case close = 0x8, ping = 0x9, pong = 0xA

    var isControl: Bool { rawValue >= 0x8 }
}

/// Why a WebSocket ends, as its close frame says it (RFC 6455 §7.4.1).
package struct WebSocketCloseCode: Hashable, Sendable {
    package let rawValue: UInt16

    private init(_ rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = Self(1000)
    /// The server stops.
    package static let goingAway = Self(1001)
    package static let protocolError = Self(1002)
    /// Whoever listens may not, or may no longer.
    package static let policyViolation = Self(1008)
    package static let messageTooBig = Self(1009)

    /// A code that a peer may send: RFC 6455 §7.4.2, without those that are reserved for reporting.
    package init?(received rawValue: UInt16) {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: self.init(rawValue)
        default: return nil
        }
    }
}

/// Puts frames of the server into their bytes (RFC 6455 §5.2): whole messages, not masked (§5.1).
package enum WebSocketFrame {
    /// Of a control frame's payload (RFC 6455 §5.5).
    package static let controlBytesMax = 125

    package static func append(_ opcode: WebSocketOpcode, _ payload: [UInt8], to out: inout [UInt8]) {
        precondition(!opcode.isControl || payload.count <= controlBytesMax, "a control frame is short")
        out.append(0x80 | opcode.rawValue)
        switch payload.count {
        case ...125:
            out.append(UInt8(payload.count))
        case ...0xFFFF:
            out.append(126)
            out.append(bigEndian: UInt64(payload.count), bytes: 2)
        default:
            out.append(127)
            out.append(bigEndian: UInt64(payload.count), bytes: 8)
        }
        out.append(contentsOf: payload)
    }

    package static func encoded(_ opcode: WebSocketOpcode, _ payload: [UInt8] = []) -> [UInt8] {
        var out: [UInt8] = []
        append(opcode, payload, to: &out)
        return out
    }

    package static func close(_ code: WebSocketCloseCode) -> [UInt8] {
        var payload: [UInt8] = []
        payload.append(bigEndian: UInt64(code.rawValue), bytes: 2)
        return encoded(.close, payload)
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: UInt64, bytes: Int) {
        for position in (0..<bytes).reversed() { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(position)))) }
    }
}
