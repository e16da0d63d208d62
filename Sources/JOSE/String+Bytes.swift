extension String {
    /// Equality of bytes. `==` is equality of characters, to which U+212A KELVIN SIGN is a K: right
    /// for people's text, wrong for names that were signed.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let mine = utf8Span.span
        let theirs = other.utf8Span.span
        for index in mine.indices where mine[index] != theirs[index] { return false }
        return true
    }
}
