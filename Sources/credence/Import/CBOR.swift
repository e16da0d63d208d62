/// One item of CBOR (RFC 8949), of the kinds that DAG-CBOR files of keys are made of. Read strictly: definite lengths only,
/// no name twice, nothing after the end.
indirect enum CBOR: Equatable {
    case unsigned(UInt64)
    /// -1 - n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBOR])
    case map([(name: String, value: CBOR)])
    case bool(Bool)
    case null

    static func == (left: CBOR, right: CBOR) -> Bool {
        switch (left, right) {
        case (.unsigned(let left), .unsigned(let right)), (.negative(let left), .negative(let right)): left == right
        case (.bytes(let left), .bytes(let right)): left == right
        case (.text(let left), .text(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.map(let left), .map(let right)): left.map(\.name) == right.map(\.name) && left.map(\.value) == right.map(\.value)
        case (.bool(let left), .bool(let right)): left == right
        case (.null, .null): true
        default: false
        }
    }

    static let depthMax = 8

    /// Nil for anything that is not one whole item.
    init?(parsing bytes: [UInt8]) {
        var parser = CBORParser(bytes: bytes)
        guard let item = parser.item(depth: 0), parser.isAtEnd else { return nil }
        self = item
    }

    /// A member of a map.
    subscript(name: String) -> CBOR? {
        guard case .map(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// A byte string, or what serde makes of a `Vec<u8>`: an array of small numbers.
    var byteList: [UInt8]? {
        switch self {
        case .bytes(let bytes): return bytes
        case .array(let items):
            var bytes: [UInt8] = []
            for item in items {
                guard case .unsigned(let value) = item, let byte = UInt8(exactly: value) else { return nil }
                bytes.append(byte)
            }
            return bytes
        default: return nil
        }
    }
}

private struct CBORParser {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func item(depth: Int) -> CBOR? {
        guard depth <= CBOR.depthMax, let first = next() else { return nil }
        let information = first & 0x1F
        if first >> 5 == 7 { return simple(information) }
        guard let argument = argument(information) else { return nil }
        switch first >> 5 {
        case 0: return .unsigned(argument)
        case 1: return .negative(argument)
        case 2: return take(argument).map { .bytes(Array($0)) }
        case 3: return text(argument).map { .text($0) }
        case 4: return array(argument, depth: depth)
        case 5: return map(argument, depth: depth)
        // Tags: links to other objects, which no keystore has.
        default: return nil
        }
    }

    private mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// Nil for the reserved forms and for an indefinite length.
    private mutating func argument(_ information: UInt8) -> UInt64? {
        guard information >= 24 else { return UInt64(information) }
        guard information <= 27 else { return nil }
        return take(1 << UInt64(information - 24))?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(bytes.count - position) else { return nil }
        defer { position += Int(count) }
        return bytes[position..<(position + Int(count))]
    }

    private mutating func text(_ count: UInt64) -> String? {
        take(count).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Each element is a byte at least, so a count beyond what is left is a lie, found before anything is reserved.
    private mutating func array(_ count: UInt64, depth: Int) -> CBOR? {
        guard count <= UInt64(bytes.count - position) else { return nil }
        var items: [CBOR] = []
        for _ in 0..<count {
            guard let item = item(depth: depth + 1) else { return nil }
            items.append(item)
        }
        return .array(items)
    }

    private mutating func map(_ count: UInt64, depth: Int) -> CBOR? {
        guard count <= UInt64(bytes.count - position) / 2 else { return nil }
        var members: [(name: String, value: CBOR)] = []
        var names: Set<[UInt8]> = []
        for _ in 0..<count {
            guard case .text(let name)? = item(depth: depth + 1), names.insert(Array(name.utf8)).inserted,
                let value = item(depth: depth + 1)
            else { return nil }
            members.append((name, value))
        }
        return .map(members)
    }

    private func simple(_ information: UInt8) -> CBOR? {
        switch information {
        case 20: .bool(false)
        case 21: .bool(true)
        case 22: .null
        default: nil
        }
    }
}
