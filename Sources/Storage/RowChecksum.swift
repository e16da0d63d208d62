import Crypto

/// The checksums of the rows of one table, one after the other. Against accidents, not attackers: eight bytes are enough.
struct RowChecksum: ~Copyable {
    static let byteCount = 8

    private let table: [UInt8]
    private var hash = SHA256Stream()

    init(table: String) {
        self.table = Array(table.utf8)
    }

    /// The first bytes of SHA-256(table ‖ length of the key ‖ key ‖ value).
    mutating func of(key: Span<UInt8>, value: Span<UInt8>) -> InlineArray<8, UInt8> {
        hash.update(table)
        hash.update(UInt64(key.count))
        hash.update(key)
        hash.update(value)
        let digest = hash.finalizeAndRestart()
        return InlineArray { digest[$0] }
    }

    mutating func matches(_ checksum: Span<UInt8>, key: Span<UInt8>, value: Span<UInt8>) -> Bool {
        let expected = of(key: key, value: value)
        guard checksum.count == Self.byteCount else { return false }
        for index in 0..<Self.byteCount where checksum[index] != expected[index] { return false }
        return true
    }
}
