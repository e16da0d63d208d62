extension JSONParser {
    /// Reads a number in the grammar of RFC 8259 §6, which `Double.init` alone would not enforce.
    mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let start = position
        if try peek(bytes) == UInt8(ascii: "-") { advance() }
        if try peek(bytes) == UInt8(ascii: "0") {
            advance()
            if digitFollows(bytes) { throw error(.invalidNumber) }
        } else {
            try digits(bytes)
        }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            advance()
            try digits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            advance()
            let sign = try peek(bytes)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { advance() }
            try digits(bytes)
        }
        return try Self.converted(bytes.extracting(start..<position), isInteger: isInteger, at: start)
    }

    private func digitFollows(_ bytes: Span<UInt8>) -> Bool {
        position < bytes.count && bytes[position] >= UInt8(ascii: "0") && bytes[position] <= UInt8(ascii: "9")
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
        guard position < bytes.count else { throw error(.endsTooEarly) }
        guard digitFollows(bytes) else { throw error(.invalidNumber) }
        while digitFollows(bytes) { advance() }
    }

    private static func converted(
        _ lexeme: Span<UInt8>, isInteger: Bool, at offset: Int
    ) throws(JSONError) -> JSON {
        guard lexeme.count <= numberBytesMax else { throw JSONError(problem: .numberOutOfRange, offset: offset) }
        if isInteger, let integer = integer(lexeme) { return .integer(integer) }
        var text = ""
        for index in 0..<lexeme.count { text.unicodeScalars.append(Unicode.Scalar(lexeme[index])) }
        guard let double = Double(text), double.isFinite else {
            throw JSONError(problem: .numberOutOfRange, offset: offset)
        }
        return .double(double)
    }

    /// The value of digits with an optional minus before them; nil when it needs more than 64 bits.
    private static func integer(_ lexeme: Span<UInt8>) -> Int64? {
        let isNegative = lexeme[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (isNegative ? 1 : 0)..<lexeme.count {
            let digit = Int64(lexeme[index] - UInt8(ascii: "0"))
            let (product, overflowsTimesTen) = value.multipliedReportingOverflow(by: 10)
            // Towards the sign of the result, so that the least number has its place too.
            let (sum, overflows) = isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflowsTimesTen, !overflows else { return nil }
            value = sum
        }
        return value
    }
}
