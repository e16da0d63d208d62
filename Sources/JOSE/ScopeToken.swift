/// The grammar of one scope name and of a `scope` string (RFC 6749 §3.3).
package enum ScopeToken {
    package static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { byte in
            byte >= 0x21 && byte <= 0x7E && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
    }

    /// The names in a space-separated list; nil when it is not one. An empty string names none.
    package static func words(of text: String) -> [String]? {
        guard !text.isEmpty else { return [] }
        if !text.utf8.contains(UInt8(ascii: " ")) { return isValid(text) ? [text] : nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        return words.allSatisfy(isValid) ? words : nil
    }
}
