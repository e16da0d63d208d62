/// Comparing and moving runs of bytes, bounds-checked.
extension [UInt8] {
    /// Appends a span with one copy.
    mutating func append(_ span: Span<UInt8>) {
        // Safe: the pointer is used only inside the closure, and `append` copies what it covers.
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Whether the bytes in `range` are `text`, whatever the case of ASCII letters.
    func equalsIgnoringCase(_ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        let (bytes, wanted) = (self.span.extracting(range), text.utf8.span)
        for at in wanted.indices where bytes[at].asciiLowercased != wanted[at].asciiLowercased { return false }
        return true
    }

    /// Whether the bytes in `range` are exactly `text`.
    func equals(_ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        let (bytes, wanted) = (self.span.extracting(range), text.utf8.span)
        for at in wanted.indices where bytes[at] != wanted[at] { return false }
        return true
    }

    /// `range` without the blanks at its two ends (OWS of RFC 9110 §5.6.3).
    func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, self[lower].isBlank { lower += 1 }
        while upper > lower, self[upper - 1].isBlank { upper -= 1 }
        return lower..<upper
    }
}
