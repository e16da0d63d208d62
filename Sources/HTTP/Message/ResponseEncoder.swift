internal import HTTPTypes

/// Puts responses into their bytes (RFC 9112 §4, §6).
enum ResponseEncoder {
    /// `100 Continue`, sent when a client waits for leave to send its body (RFC 9110 §15.2.1).
    static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// - Parameters:
    ///   - dateLine: a ready `Date: ... CRLF` line.
    ///   - isHead: leave the content out but announce its length (RFC 9110 §9.3.2).
    ///   - closes: announce that the connection ends after this response.
    static func append(
        _ response: OutgoingResponse, dateLine: [UInt8], isHead: Bool, closes: Bool, to out: inout [UInt8]
    ) {
        let hasContent = mayHaveContent(response.status)
        append(statusLineOf: response.status, to: &out)
        out.append(contentsOf: dateLine)
        for field in response.fields where !isFraming(field.name) { out.append(field: field) }
        out.append(contentsOf: response.preencodedFields)
        if hasContent, let byteCount = byteCount(response) {
            out.append(contentsOf: "Content-Length: ".utf8)
            out.append(decimal: UInt64(byteCount))
            out.append(contentsOf: "\r\n".utf8)
        }
        if let webSocket = response.webSocket {
            out.append(contentsOf: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(webSocket.accept)\r\n".utf8)
        }
        if closes { out.append(contentsOf: "Connection: close\r\n".utf8) }
        out.append(contentsOf: "\r\n".utf8)
        if hasContent, !isHead, response.content == nil { out.append(contentsOf: response.body) }
    }

    private static func append(statusLineOf status: HTTPResponse.Status, to out: inout [UInt8]) {
        // Most answers, at the cost of one copy.
        if status.code == 200 { return out.append(contentsOf: "HTTP/1.1 200 OK\r\n".utf8) }
        out.append(contentsOf: "HTTP/1.1 ".utf8)
        out.append(decimal: UInt64(status.code))
        out.append(ASCII.space)
        out.append(contentsOf: status.reasonPhrase.utf8)
        out.append(contentsOf: "\r\n".utf8)
    }

    /// Nil for content that ends with the connection (RFC 9112 §6.3, rule 8).
    private static func byteCount(_ response: OutgoingResponse) -> Int? {
        guard let content = response.content else { return response.body.count }
        return content.byteCount.map { Int(clamping: $0) }
    }

    /// RFC 9110 §6.4.1: a 1xx, 204 or 304 response ends with its head.
    private static func mayHaveContent(_ status: HTTPResponse.Status) -> Bool {
        status.code >= 200 && status.code != 204 && status.code != 304
    }

    private static func isFraming(_ name: HTTPField.Name) -> Bool {
        name == .contentLength || name == .transferEncoding || name == .connection || name == .date
            || name == .upgrade || name == .secWebSocketAccept
    }
}

extension [UInt8] {
    mutating func append(field: HTTPField) {
        append(contentsOf: field.name.rawName.utf8)
        append(contentsOf: ": ".utf8)
        // `HTTPField` has already replaced CR, LF and NUL, so a value cannot begin another line.
        append(contentsOf: field.value.utf8)
        append(contentsOf: "\r\n".utf8)
    }

    package mutating func append(decimal value: UInt64) {
        if value >= 10 { append(decimal: value / 10) }
        append(UInt8(ascii: "0") + UInt8(value % 10))
    }
}
