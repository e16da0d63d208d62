import HTTP

/// The `X-Request-Id` of one request: the caller's own, or one that its loop gave. It becomes text only for a log line, which
/// the answer to a good token has none of.
enum RequestLabel: Sendable {
    case callers(String)
    /// - Parameter prefix: tells apart the loops of all runs.
    case numbered(UInt64, prefix: [UInt8])

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .callers(let text):
            bytes += text.utf8
        case .numbered(let number, let prefix):
            bytes += prefix
            bytes.append(decimal: number)
        }
    }
}

extension RequestLabel: CustomStringConvertible {
    var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
