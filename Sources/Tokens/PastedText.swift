internal import JOSE

/// Recognises what people paste or send where a bare token belongs.
struct PastedText {
    private let text: [UInt8]

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// What is wrong with the text as a token, and, where that can be undone, what would become of it then.
    func hint(in view: TokenView, _ wallClock: Int64, _ expectation: Expectation) -> String? {
        guard let (mistake, repaired) = mistake() else { return nil }
        guard let repaired else { return mistake }
        let verdict = TokenVerifier.verify(repaired.span, in: view, now: wallClock, expecting: expectation)
        return switch verdict {
        case .accepted: "\(mistake); without that the token is accepted"
        case .rejected(let reason, _): "\(mistake); without that it is still refused: \(reason.rawValue)"
        }
    }

    private func mistake() -> (String, repaired: [UInt8]?)? {
        if text.isEmpty { return ("there is no token", nil) }
        if let wrapping = wrapping() { return wrapping }
        if text.first == UInt8(ascii: "{") { return ("this is JSON; send the token alone, in compact form", nil) }
        if text.contains(where: Self.isSpace) {
            return ("there is white space or a line break inside the token", text.filter { !Self.isSpace($0) })
        }
        if text.contains(UInt8(ascii: "=")) {
            return ("base64url in tokens has no padding (=)", Self.unpaddedBase64URL(text))
        }
        if text.contains(UInt8(ascii: "+")) || text.contains(UInt8(ascii: "/")) {
            return ("this is standard base64; tokens use base64url, with - and _ for + and /", Self.unpaddedBase64URL(text))
        }
        switch text.count(where: { $0 == UInt8(ascii: ".") }) {
        case 4: return ("five segments make an encrypted token (JWE), which is not supported", nil)
        case 1: return ("one segment is missing: the signature was left out or cut off", nil)
        default: return nil
        }
    }

    /// Quotes, white space and `Bearer ` around the token.
    private func wrapping() -> (String, repaired: [UInt8]?)? {
        var inner = text[...]
        var found: [String] = []
        func note(_ what: String) { if !found.contains(what) { found.append(what) } }
        while true {
            if let first = inner.first, Self.isSpace(first) {
                inner = inner.dropFirst()
                note("white space")
            } else if let last = inner.last, Self.isSpace(last) {
                inner = inner.dropLast()
                note("white space")
            } else if let first = inner.first, first == inner.last, inner.count > 1, Self.isQuote(first) {
                inner = inner.dropFirst().dropLast()
                note("quotes")
            } else if Self.lowercased(inner.prefix(7)).elementsEqual("bearer ".utf8) {
                inner = inner.dropFirst(7)
                note("the word Bearer")
            } else {
                break
            }
        }
        guard !found.isEmpty else { return nil }
        return ("\(found.joined(separator: " and ")) came along with the token", Array(inner))
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`")
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    private static func unpaddedBase64URL(_ text: [UInt8]) -> [UInt8] {
        text.compactMap { byte in
            switch byte {
            case UInt8(ascii: "="): nil
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
    }
}
