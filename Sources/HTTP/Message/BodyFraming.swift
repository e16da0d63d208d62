/// How the length of a message's body is known (RFC 9112 §6.3). Decided once, from the head, before any body byte is read.
package enum BodyFraming: Sendable, Equatable {
    /// A request with neither Content-Length nor Transfer-Encoding: its body is empty.
    case none
    case length(Int)
    case chunked
    /// Responses only: the body ends where the connection ends.
    case untilClose
}

extension BodyFraming {
    /// Whether body bytes must still come.
    var announcesBytes: Bool {
        switch self {
        case .none: false
        case .length(let length): length > 0
        case .chunked, .untilClose: true
        }
    }

    /// As far as the head tells; the others are counted as they come.
    func requireFits(_ limits: HTTPLimits) throws(HTTPParseError) {
        if announces(moreThan: limits.bodyBytesMax) { throw .bodyTooLarge }
    }

    func announces(moreThan bytesMax: Int) -> Bool {
        if case .length(let length) = self { length > bytesMax } else { false }
    }
}
