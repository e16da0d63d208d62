/// Between r ‖ s and DER `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3). OpenSSL itself refuses r or s
/// outside 1..<n, so only the form is handled here.
enum ECDSASignatureEncoding {
    /// The longest `SEQUENCE` this writes: two numbers of 66 bytes (P-521) with sign bytes, which only a forged signature
    /// needs there, and a header of two length bytes.
    static let derBytesMax = 3 + 2 * (2 + 67)

    /// Writes the DER form and returns its length. `raw` has an even length of at most 132 bytes,
    /// `output` holds `derBytesMax`.
    static func writeDER(_ raw: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let half = raw.count / 2
        let r = raw.extracting(0..<half), s = raw.extracting(half..<raw.count)
        let content = integerByteCount(r) + integerByteCount(s)
        unsafe output[0] = 0x30
        var end = 2
        if content > 0x7F {
            unsafe output[1] = 0x81
            end = 3
        }
        unsafe output[end - 1] = UInt8(content)
        unsafe writeInteger(r, into: output, at: &end)
        unsafe writeInteger(s, into: output, at: &end)
        return end
    }

    /// Of the whole INTEGER, its header included.
    private static func integerByteCount(_ bigEndian: Span<UInt8>) -> Int {
        let first = firstSignificant(bigEndian)
        return 2 + bigEndian.count - first + (bigEndian[first] & 0x80 == 0 ? 0 : 1)
    }

    private static func firstSignificant(_ bigEndian: Span<UInt8>) -> Int {
        var first = 0
        while first < bigEndian.count - 1, bigEndian[first] == 0 { first += 1 }
        return first
    }

    private static func writeInteger(
        _ bigEndian: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, at end: inout Int
    ) {
        let first = firstSignificant(bigEndian)
        // A set top bit would read as a negative number.
        let signByteCount = bigEndian[first] & 0x80 == 0 ? 0 : 1
        unsafe output[end] = 0x02
        unsafe output[end + 1] = UInt8(bigEndian.count - first + signByteCount)
        end += 2
        if signByteCount == 1 {
            unsafe output[end] = 0
            end += 1
        }
        for index in first..<bigEndian.count {
            unsafe output[end] = bigEndian[index]
            end += 1
        }
    }

    /// r ‖ s of a signature that OpenSSL has just made; nil if it is not one.
    static func raw(fromDER der: Span<UInt8>, byteCount: Int) -> [UInt8]? {
        guard der.count >= 3, der[0] == 0x30 else { return nil }
        let headerByteCount = der[1] == 0x81 ? 3 : 2
        guard Int(der[headerByteCount - 1]) == der.count - headerByteCount else { return nil }
        var raw = [UInt8](repeating: 0, count: byteCount)
        var position = headerByteCount
        for half in 1...2 {
            guard position + 2 <= der.count, der[position] == 0x02 else { return nil }
            let end = position + 2 + Int(der[position + 1])
            position += 2
            guard end <= der.count, position < end else { return nil }
            if der[position] == 0 { position += 1 }
            guard end - position <= byteCount / 2 else { return nil }
            let target = half * byteCount / 2 - (end - position)
            for index in position..<end { raw[target + index - position] = der[index] }
            position = end
        }
        return position == der.count ? raw : nil
    }
}
