internal import Crypto

extension Span<UInt8> {
    /// Whether every byte in `range` may stand in a field value: of the control characters only the tab may.
    func areFieldValueCharacters(_ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while let control = firstControlCharacter(in: at..<range.upperBound) {
            guard self[control] == ASCII.tab else { return false }
            at = control + 1
        }
        return true
    }
}
