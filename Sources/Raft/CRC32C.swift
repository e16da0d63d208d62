/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds accidents in a piece of a snapshot, not attacks.
enum CRC32C {
    private static let reversedPolynomial: UInt32 = 0x82f6_3b78

    private static let table: [UInt32] = (0..<256).map { byte in
        var value = UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ reversedPolynomial : value >> 1 }
        return value
    }

    static func checksum(of bytes: [UInt8]) -> UInt32 {
        var value = ~UInt32(0)
        for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
        return ~value
    }
}
