package import HTTPTypes

/// A request to send. The client adds Host, the framing and `Connection: close`.
package struct ClientRequest: Sendable {
    package enum Body: Sendable, Equatable {
        case none
        /// Sent with Content-Length.
        case bytes([UInt8])
        /// Sent chunked, one chunk for each element that is not empty.
        case chunks([[UInt8]])
    }

    package var method: HTTPRequest.Method
    /// Path and query, percent-encoded.
    package var target: String
    package var fields: HTTPFields
    package var body: Body

    package init(method: HTTPRequest.Method, target: String, fields: HTTPFields = [:], body: Body = .none) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The request as bytes.
    func encoded(host: String) throws(HTTPClientError) -> [UInt8] {
        // A space or line end in the target would begin another request.
        guard target.utf8.first == ASCII.slash, target.utf8.allSatisfy({ $0.isTargetCharacter || $0 == UInt8(ascii: "?") })
        else { throw .invalidRequest }
        let hostBytes = Array(host.utf8)
        guard hostBytes.isHost(0..<hostBytes.count) else { throw .invalidRequest }
        var out: [UInt8] = []
        out.append(contentsOf: "\(method.rawValue) \(target) HTTP/1.1\r\nHost: \(host)\r\n".utf8)
        for field in fields where !Self.isOurs(field.name) { out.append(field: field) }
        out.append(contentsOf: "Connection: close\r\n".utf8)
        appendBody(to: &out)
        return out
    }

    private func appendBody(to out: inout [UInt8]) {
        switch body {
        case .none:
            // RFC 9110 §8.6: a method that is expected to have content says that there is none.
            let expectsContent = method == .post || method == .put || method == .patch
            out.append(contentsOf: (expectsContent ? "Content-Length: 0\r\n\r\n" : "\r\n").utf8)
        case .bytes(let bytes):
            out.append(contentsOf: "Content-Length: \(bytes.count)\r\n\r\n".utf8)
            out.append(contentsOf: bytes)
        case .chunks(let chunks):
            out.append(contentsOf: "Transfer-Encoding: chunked\r\n\r\n".utf8)
            for chunk in chunks where !chunk.isEmpty {
                out.append(contentsOf: "\(String(chunk.count, radix: 16))\r\n".utf8)
                out.append(contentsOf: chunk)
                out.append(contentsOf: "\r\n".utf8)
            }
            out.append(contentsOf: "0\r\n\r\n".utf8)
        }
    }

    private static func isOurs(_ name: HTTPField.Name) -> Bool {
        name == .contentLength || name == .transferEncoding || name == .connection || name.canonicalName == "host"
    }
}
