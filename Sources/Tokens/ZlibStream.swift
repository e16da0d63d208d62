/// The zlib format (RFC 1950) around blocks that are stored and not compressed (RFC 1951 §3.2.4): what the format of status
/// lists demands, where compression would save a few kilobytes of an answer that copies are kept of.
enum ZlibStream {
    private static let blockBytesMax = 65_535

    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        // Deflate, a window of 32 KiB, no dictionary; the second byte makes the two a multiple of 31.
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(blockBytesMax)
            rest = rest.dropFirst(blockBytesMax)
            let count = UInt16(block.count)
            stream.append(rest.isEmpty ? 1 : 0)
            stream += [UInt8(truncatingIfNeeded: count), UInt8(count >> 8), UInt8(truncatingIfNeeded: ~count), UInt8(~count >> 8)]
            stream += block
        } while !rest.isEmpty
        let sum = adler32(bytes)
        return stream + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
    }

    /// RFC 1950 §8.2.
    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var first: UInt32 = 1
        var second: UInt32 = 0
        for byte in bytes {
            first = (first + UInt32(byte)) % 65_521
            second = (second + first) % 65_521
        }
        return second << 16 | first
    }
}
