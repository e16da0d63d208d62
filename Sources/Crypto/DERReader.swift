/// Reads elements of DER one after the other (X.690 §10.1): tags of one octet, definite lengths in their shortest form, and
/// nothing beyond the bytes there are. It cuts and does not decode: for what nobody has vouched for yet.
struct DERReader {
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case sequence = 0x30
    }

    struct Element {
        /// With tag and length.
        let whole: ArraySlice<UInt8>
        let content: ArraySlice<UInt8>
    }

    /// More than any length here needs, and no arithmetic overflows with it.
    private static let lengthOctetsMax = 4

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    func begins(with tag: Tag) -> Bool { rest.first == tag.rawValue }

    /// Nil when no whole element of that tag follows. What is read next is then undefined.
    mutating func next(_ tag: Tag) -> Element? {
        let whole = rest
        guard rest.popFirst() == tag.rawValue, let count = length(), count <= rest.count else { return nil }
        let content = rest.prefix(count)
        rest = rest.dropFirst(count)
        return Element(whole: whole[whole.startIndex..<content.endIndex], content: content)
    }

    private mutating func length() -> Int? {
        guard let first = rest.popFirst() else { return nil }
        guard first & 0x80 != 0 else { return Int(first) }
        let octets = rest.prefix(Int(first & 0x7F))
        // Zero octets announce an indefinite length, which only BER has; a leading zero is never the shortest form.
        guard octets.count == Int(first & 0x7F), (1...Self.lengthOctetsMax).contains(octets.count), octets.first != 0 else { return nil }
        rest = rest.dropFirst(octets.count)
        let length = octets.reduce(0) { $0 << 8 | Int($1) }
        return length < 0x80 ? nil : length
    }
}
