internal import Crypto

extension JSONParser {
    /// Reads a string, its opening quote at the position.
    mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        advance()
        let start = position
        advance(by: bytes.endOfPlainText(from: start) - start)
        switch try peek(bytes) {
        case UInt8(ascii: "\""):
            let text = try text(bytes.extracting(start..<position), at: start)
            advance()
            return text
        case UInt8(ascii: "\\"):
            return try escapedString(bytes, from: start)
        default:
            throw error(.controlCharacter)
        }
    }

    /// Continues a string at its first escape, collecting the bytes it stands for.
    private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> String {
        var collected: [UInt8] = []
        for index in start..<position { collected.append(bytes[index]) }
        while true {
            let byte = try peek(bytes)
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(collected.span, at: start)
                advance()
                return text
            case UInt8(ascii: "\\"):
                try escape(bytes, into: &collected)
            case 0x00...0x1F:
                throw error(.controlCharacter)
            default:
                collected.append(byte)
                advance()
            }
        }
    }

    private func text(_ bytes: Span<UInt8>, at offset: Int) throws(JSONError) -> String {
        let text: String, isPlain: Bool
        do {
            let valid = try UTF8Span(validating: bytes)
            (text, isPlain) = (String(copying: valid), valid.isKnownASCII)
        } catch {
            throw JSONError(problem: .invalidUTF8, offset: offset)
        }
        guard isPlain || !boundsMarks || StreamSafeText.isSafe(text) else { throw JSONError(problem: .tooManyMarks, offset: offset) }
        return text
    }

    private mutating func escape(_ bytes: Span<UInt8>, into collected: inout [UInt8]) throws(JSONError) {
        advance()
        let letter = try peek(bytes)
        let plain: UInt8
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = letter
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            advance()
            let scalar = try unicodeEscape(bytes)
            collected.append(contentsOf: String(Character(scalar)).utf8)
            return
        default: throw error(.invalidEscape)
        }
        advance()
        collected.append(plain)
    }

    /// The scalar of `XXXX` or of `XXXX\uXXXX`, the position just after `\u`.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
        let start = position
        let first = try hexadecimalUnit(bytes)
        if let scalar = Unicode.Scalar(first) { return scalar }
        // What is not a scalar is a surrogate: it must be a high one, followed by an escaped low one.
        let lone = JSONError(problem: .loneSurrogate, offset: start)
        guard first < 0xDC00 else { throw lone }
        guard try peek(bytes) == UInt8(ascii: "\\") else { throw lone }
        advance()
        guard try peek(bytes) == UInt8(ascii: "u") else { throw lone }
        advance()
        let second = try hexadecimalUnit(bytes)
        guard (0xDC00...0xDFFF).contains(second) else { throw lone }
        let combined = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(combined) else { throw lone }
        return scalar
    }

    private mutating func hexadecimalUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch try peek(bytes) {
            case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case let byte where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case let byte where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw error(.invalidEscape)
            }
            unit = unit << 4 | UInt16(digit)
            advance()
        }
        return unit
    }
}
