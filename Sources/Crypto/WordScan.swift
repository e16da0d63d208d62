/// Looking at eight bytes at a time, for the passes over every byte of a head, of a token and of its claims. Here, since HTTP and
/// JOSE both have this layer below them.
extension Span<UInt8> {
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        // Bounds-checked; marked because loading any type from bytes is, and every bit pattern is a `UInt64`.
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
    }

    /// Of the bytes that are zero, the lowest has its high bit set; those above it may have it without being zero.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highBits }

    /// The same for bytes below 0x20.
    @inline(__always)
    private static func controlBytes(_ word: UInt64) -> UInt64 { (word &- (ones &* 0x20)) & ~word & highBits }

    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        let pattern = Self.ones &* UInt64(byte)
        var at = start
        while at + 8 <= count {
            let found = Self.zeroBytes(word(at: at) ^ pattern)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            if self[at] == byte { return at }
            at += 1
        }
        return nil
    }

    /// The place of the first byte from `start` on that does not stand for itself in a JSON string: a quote, a backslash, a
    /// control character. The count where there is none.
    package func endOfPlainText(from start: Int) -> Int {
        let (quotes, backslashes) = (Self.ones &* UInt64(UInt8(ascii: "\"")), Self.ones &* UInt64(UInt8(ascii: "\\")))
        var at = start
        while at + 8 <= count {
            let word = word(at: at)
            let found = Self.zeroBytes(word ^ quotes) | Self.zeroBytes(word ^ backslashes) | Self.controlBytes(word)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            let byte = self[at]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return at }
            at += 1
        }
        return count
    }

    /// The place of the first control character of ASCII, DEL included, in `range`.
    package func firstControlCharacter(in range: Range<Int>) -> Int? {
        let deletes = Self.ones &* 0x7F
        var at = range.lowerBound
        while at + 8 <= range.upperBound {
            let word = word(at: at)
            let found = Self.controlBytes(word) | Self.zeroBytes(word ^ deletes)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < range.upperBound {
            if self[at] < 0x20 || self[at] == 0x7F { return at }
            at += 1
        }
        return nil
    }
}
