import Tokens

/// The header lines that tell a proxy about a token, kept for tokens that are asked about again and again.
///
/// They follow from the token alone, which never changes, and belong to one object: while it is held here, no other can be at
/// its address. Whether the token is good is asked anew each time, before this.
struct VouchedLines {
    /// Tokens kept at most; one of the same place takes the place.
    static let countMax = 128

    private struct Entry {
        let token: VerifiedToken
        let lines: [UInt8]
    }

    private var entries: [Entry?] = Array(repeating: nil, count: countMax)

    mutating func append(_ token: VerifiedToken, to bytes: inout [UInt8]) {
        let place = Self.place(of: token)
        if let entry = entries[place], entry.token === token {
            bytes += entry.lines
            return
        }
        var lines: [UInt8] = []
        ForwardAuth.appendFields(token, to: &lines)
        bytes += lines
        entries[place] = Entry(token: token, lines: lines)
    }

    /// By the address, whose lowest bits are the same for all.
    private static func place(of token: VerifiedToken) -> Int {
        let address = UInt(bitPattern: ObjectIdentifier(token))
        return Int(truncatingIfNeeded: (address >> 4 ^ address >> 12) % UInt(countMax))
    }
}
