extension String {
    /// Equality of bytes. `==` is equality of characters, to which U+212A KELVIN SIGN is a K: right
    /// for people's text, wrong for names that were signed.
    package func hasSameBytes(as other: String) -> Bool {
        hasBytes(other.utf8.span)
    }

    func hasBytes(_ bytes: Span<UInt8>) -> Bool {
        guard utf8.count == bytes.count else { return false }
        let mine = utf8.span
        for index in 0..<bytes.count where mine[index] != bytes[index] { return false }
        return true
    }
}
