/// Application protocol names in the form of RFC 7301 §3.1: each with its length before it.
enum ALPNList {
    static let nameBytesMax = 255
    static let listBytesMax = 1024

    /// nil for an empty or overlong name or list.
    static func encode(_ names: [String]) -> [UInt8]? {
        var list: [UInt8] = []
        for name in names {
            guard (1...nameBytesMax).contains(name.utf8.count) else { return nil }
            list.append(UInt8(name.utf8.count))
            list.append(contentsOf: name.utf8)
        }
        return list.count <= listBytesMax ? list : nil
    }

    /// Whether a client's ALPN extension (with its outer length of two bytes) offers `name`. A malformed extension offers nothing.
    static func offers(_ name: [UInt8], in extensionBytes: Span<UInt8>) -> Bool {
        guard extensionBytes.count >= 2,
            Int(extensionBytes[0]) << 8 | Int(extensionBytes[1]) == extensionBytes.count - 2
        else { return false }
        var start = 2
        while start < extensionBytes.count {
            let end = start + 1 + Int(extensionBytes[start])
            guard end <= extensionBytes.count else { return false }
            if end - start - 1 == name.count, name.indices.allSatisfy({ extensionBytes[start + 1 + $0] == name[$0] }) {
                return true
            }
            start = end
        }
        return false
    }
}
