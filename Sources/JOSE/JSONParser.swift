extension JSON {
    /// Parses a whole text: one value with nothing but white space around it.
    /// The caller bounds the size; depth, the length of a number and the marks on a letter are bounded here.
    package init(parsing bytes: Span<UInt8>) throws(JSONError) {
        var parser = JSONParser()
        self = try parser.parse(bytes)
    }

    /// The same of what no stranger sends: the log, the state, a member's own files, a member's answer. It may repeat text that
    /// came another way than as JSON, and must be read whatever that is.
    package init(trusting bytes: Span<UInt8>) throws(JSONError) {
        var parser = JSONParser(boundsMarks: false)
        self = try parser.parse(bytes)
    }

    package init(trusting bytes: [UInt8]) throws(JSONError) {
        try self.init(trusting: bytes.span)
    }

    package init(parsing bytes: [UInt8]) throws(JSONError) {
        try self.init(parsing: bytes.span)
    }

    package init(parsing bytes: ArraySlice<UInt8>) throws(JSONError) {
        try self.init(parsing: bytes.span)
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8).span)
    }
}

/// A recursive-descent parser whose recursion is bounded by `depthMax`.
///
/// The bytes are a parameter of every function rather than a field: a struct that stores a `Span`
/// needs lifetime annotations that the language does not have yet outside experiments.
struct JSONParser {
    static let depthMax = 32
    /// Longer than any double or integer that a program prints; keeps conversion cheap.
    static let numberBytesMax = 128

    private(set) var position = 0
    /// Whether text that takes long to compare is refused.
    let boundsMarks: Bool

    init(boundsMarks: Bool = true) {
        self.boundsMarks = boundsMarks
    }

    mutating func parse(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let value = try value(bytes, depth: 0)
        skipSpace(bytes)
        guard position == bytes.count else { throw error(.bytesAfterTheEnd) }
        return value
    }

    func error(_ problem: JSONError.Problem) -> JSONError {
        JSONError(problem: problem, offset: position)
    }

    /// The byte at the position, without consuming it.
    func peek(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw error(.endsTooEarly) }
        return bytes[position]
    }

    mutating func advance(by count: Int = 1) {
        position += count
    }

    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
            default: return
            }
        }
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSON {
        skipSpace(bytes)
        switch try peek(bytes) {
        case UInt8(ascii: "{"): return .object(try object(bytes, depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(bytes, depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try literal("null", .null, bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
        default: throw error(.unexpectedByte)
        }
    }

    private mutating func literal(
        _ word: StaticString, _ value: JSON, _ bytes: Span<UInt8>
    ) throws(JSONError) -> JSON {
        for expected in word.description.utf8 {
            guard try peek(bytes) == expected else { throw error(.unexpectedByte) }
            advance()
        }
        return value
    }

    private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> [JSON] {
        guard depth <= Self.depthMax else { throw error(.tooDeep) }
        advance()
        var elements: [JSON] = []
        skipSpace(bytes)
        if try peek(bytes) == UInt8(ascii: "]") {
            advance()
            return elements
        }
        while true {
            elements.append(try value(bytes, depth: depth))
            if try endsList(bytes, with: UInt8(ascii: "]")) { return elements }
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= Self.depthMax else { throw error(.tooDeep) }
        advance()
        var members = UniqueMembers()
        skipSpace(bytes)
        if try peek(bytes) == UInt8(ascii: "}") {
            advance()
            return JSONObject()
        }
        while true {
            skipSpace(bytes)
            guard try peek(bytes) == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
            let start = position
            let name = try string(bytes)
            guard members.isNew(name) else { throw JSONError(problem: .duplicateName, offset: start) }
            skipSpace(bytes)
            guard try peek(bytes) == UInt8(ascii: ":") else { throw error(.unexpectedByte) }
            advance()
            members.append(name, try value(bytes, depth: depth))
            if try endsList(bytes, with: UInt8(ascii: "}")) { return JSONObject(uniqueMembers: members.list) }
        }
    }

    /// Consumes a comma (false) or the closing byte (true) after an element.
    private mutating func endsList(_ bytes: Span<UInt8>, with close: UInt8) throws(JSONError) -> Bool {
        skipSpace(bytes)
        let byte = try peek(bytes)
        guard byte == close || byte == UInt8(ascii: ",") else { throw error(.unexpectedByte) }
        advance()
        return byte == close
    }
}

/// The members read so far. Names are searched one by one while few and hashed when many, so that
/// neither a small object pays for a table nor a large one for a quadratic search. They are their bytes, as in `JSONObject`.
private struct UniqueMembers {
    private static let searchedCountMax = 16
    /// Claims of a token and stored records mostly have so many, and then the list does not grow.
    private static let usualCount = 8

    private(set) var list: [JSONObject.Member] = []
    private var names: Set<Name> = []

    private struct Name: Hashable {
        let text: String

        static func == (first: Name, second: Name) -> Bool { first.text.hasSameBytes(as: second.text) }

        func hash(into hasher: inout Hasher) {
            let bytes = text.utf8.span
            unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
    }

    func isNew(_ name: String) -> Bool {
        guard names.isEmpty else { return !names.contains(Name(text: name)) }
        for place in list.indices where list[place].name.hasSameBytes(as: name) { return false }
        return true
    }

    mutating func append(_ name: String, _ value: JSON) {
        if list.isEmpty { list.reserveCapacity(Self.usualCount) }
        list.append(JSONObject.Member(name: name, value: value))
        if !names.isEmpty {
            names.insert(Name(text: name))
        } else if list.count > Self.searchedCountMax {
            names = Set(list.map { Name(text: $0.name) })
        }
    }
}
