extension [UInt8] {
    /// Reads `field-line = field-name ":" OWS field-value OWS` (RFC 9112 §5) in `line`.
    ///
    /// A blank before the colon and a line that continues the one before it (`obs-fold`) are refused, as §5.1 and §5.2
    /// require of a server. An empty value is a value.
    func fieldSlot(in line: Range<Int>) throws(HTTPParseError) -> FieldSlot {
        let bytes = self.span
        var at = line.lowerBound
        if at < line.upperBound, bytes[at].isBlank { throw .foldedField }
        while at < line.upperBound, bytes[at].isToken { at += 1 }
        guard at > line.lowerBound, at < line.upperBound, bytes[at] == ASCII.colon else { throw .malformedField }
        let name = line.lowerBound..<at
        let raw = at + 1..<line.upperBound
        guard bytes.areFieldValueCharacters(raw) else { throw .malformedField }
        return FieldSlot(name: name, value: trimmingBlanks(raw))
    }
}
