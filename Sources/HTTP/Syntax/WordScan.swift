/// Looking at eight bytes at a time, for the two passes that touch every byte of a head.
extension Span<UInt8> {
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        // Bounds-checked; marked because loading any type from bytes is, and every bit pattern is a `UInt64`.
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Not zero exactly when some byte of `word` is zero: only such a byte borrows into its high bit without having it.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highBits }

    /// Not zero exactly when some byte of `word` is below 0x20.
    @inline(__always)
    private static func controlBytes(_ word: UInt64) -> UInt64 { (word &- (ones &* 0x20)) & ~word & highBits }

    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        let pattern = Self.ones &* UInt64(byte)
        var at = start
        while at + 8 <= count {
            let found = Self.zeroBytes(word(at: at) ^ pattern)
            // The lowest bit is of the first such byte: borrows only mark bytes after it.
            if found != 0 { return at + found.littleEndian.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            if self[at] == byte { return at }
            at += 1
        }
        return nil
    }

    /// Whether every byte in `range` may stand in a field value. Words without a control character or DEL, which is
    /// nearly all of them, need no second look.
    func areFieldValueCharacters(_ range: Range<Int>) -> Bool {
        let deletes = Self.ones &* 0x7F
        var at = range.lowerBound
        while at + 32 <= range.upperBound {
            var found: UInt64 = 0
            for step in 0..<4 {
                let word = word(at: at + 8 * step)
                found |= Self.controlBytes(word) | Self.zeroBytes(word ^ deletes)
            }
            if found != 0 {
                for index in at..<at + 32 where !self[index].isFieldValueCharacter { return false }
            }
            at += 32
        }
        while at + 8 <= range.upperBound {
            let word = word(at: at)
            if Self.controlBytes(word) | Self.zeroBytes(word ^ deletes) != 0 {
                for index in at..<at + 8 where !self[index].isFieldValueCharacter { return false }
            }
            at += 8
        }
        while at < range.upperBound {
            guard self[at].isFieldValueCharacter else { return false }
            at += 1
        }
        return true
    }
}
