/// Ids in base64url: of tokens (22 characters, or 43 for those of nodes) and of keys (43). One in 64 starts with a hyphen, and
/// would be taken for options: `token revoke -h…` would print the help, end with 0, and revoke nothing.
enum IdentifierArgument {
    private static let lengths: Set = [22, 43]

    /// The arguments with such an id behind `--`, where nothing is an option any more. No option of ours is as long, and none
    /// takes a value that starts with a hyphen.
    static func protected(_ arguments: [String]) -> [String] {
        guard !arguments.contains("--") else { return arguments }
        let ids = arguments.filter(looksLikeID)
        return ids.isEmpty ? arguments : arguments.filter { !looksLikeID($0) } + ["--"] + ids
    }

    /// One that starts with two hyphens (one in 4,096) is told from an option by a character that no option has.
    private static func looksLikeID(_ argument: String) -> Bool {
        let bytes = argument.utf8
        guard lengths.contains(bytes.count), bytes.first == UInt8(ascii: "-"), bytes.allSatisfy(isDigit) else { return false }
        return !argument.hasPrefix("--") || !bytes.allSatisfy(isOptionByte)
    }

    private static func isOptionByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
