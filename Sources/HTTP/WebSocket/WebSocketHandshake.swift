internal import Crypto
internal import HTTPTypes

/// The opening handshake as the server checks it (RFC 6455 §4.2).
package enum WebSocketHandshake {
    package enum Failure: Error, Equatable, Sendable {
        case method
        /// RFC 6455 §4.1: at least HTTP/1.1.
        case httpVersion
        case connection
        /// Answered by naming the version that is served (§4.4).
        case version
        case key
        /// A page of another site opened it. Browsers let any page, and send the user's certificate along.
        case origin
        /// Its bytes would be taken for frames.
        case body
        /// This OpenSSL has no SHA-1.
        case unsupported
    }

    package static let version = "13"

    /// Whether a request asks for the protocol; whatever else it says must then be right.
    package static func isMeant(by head: HTTPHead) -> Bool {
        head.values(of: .upgrade).contains { lists($0, "websocket") }
    }

    /// - Returns: the value of `Sec-WebSocket-Accept`.
    package static func accept(_ head: HTTPHead) throws(Failure) -> String {
        guard head.method == .get else { throw .method }
        guard head.version == .http11 else { throw .httpVersion }
        guard !head.framing.announcesBytes else { throw .body }
        guard head.values(of: .connection).contains(where: { lists($0, "upgrade") }) else { throw .connection }
        guard head.values(of: .secWebSocketVersion) == [version] else { throw .version }
        let keys = head.values(of: .secWebSocketKey)
        guard keys.count == 1, let key = keys.first, isKey(key) else { throw .key }
        try checkOrigin(head)
        guard let accept = accept(key: key) else { throw .unsupported }
        return accept
    }

    /// RFC 6455 §4.2.2, step 5.4.
    package static func accept(key: String) -> String? {
        SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)).map(base64)
    }

    private static func checkOrigin(_ head: HTTPHead) throws(Failure) {
        let origins = head.values(of: .origin)
        guard let origin = origins.first else { return }
        guard origins.count == 1, let host = head.hostRange.map(head.text),
            ["https://\(host)", "http://\(host)"].contains(where: { $0.lowercased() == origin.lowercased() })
        else { throw .origin }
    }

    /// Base64 of 16 bytes: 22 characters and two fillers.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        return bytes.count == 24 && bytes.suffix(2) == [UInt8(ascii: "="), UInt8(ascii: "=")]
            && bytes.prefix(22).allSatisfy(alphabet.contains)
    }

    private static func lists(_ value: String, _ member: String) -> Bool {
        let bytes = Array(value.utf8)
        return bytes.listContains(0..<bytes.count, member)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= 8 * UInt32(3 - group.count)
            for place in 0..<4 {
                out.append(place <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
