/// Reads the members of one JSON object by name and type, remembers which were read, and names the
/// first one that is wrong. `finish` then refuses the members nobody asked for, so that a misspelt
/// option is an error and not a default. A member that is null counts as absent.
package struct JSONObjectReader: Sendable {
    package enum UnknownMembers: Sendable { case refuse, ignore }

    /// The bound of a string whose caller names none.
    package static let stringBytesMax = 4096
    package static let stringsCountMax = 256

    private let object: JSONObject
    private let context: String
    private var consumed: [Bool]

    /// - Parameter context: the path of this object in the body, empty for the body itself.
    package init(_ json: JSON, context: String = "") throws(JSONFieldError) {
        guard case .object(let object) = json else {
            throw JSONFieldError(field: context, "must be a JSON object")
        }
        self.init(object, context: context)
    }

    init(_ object: JSONObject, context: String = "") {
        self.object = object
        self.context = context
        consumed = Array(repeating: false, count: object.members.count)
    }

    /// The path of a member, for errors of the caller's own rules.
    package func path(_ name: String) -> String {
        context.isEmpty ? name : "\(context).\(name)"
    }

    /// An error about a member, for rules that only the caller knows.
    package func error(_ name: String, _ rule: String) -> JSONFieldError {
        JSONFieldError(field: path(name), rule)
    }

    /// Any value but null, marked as read.
    package mutating func optionalValue(_ name: String) -> JSON? {
        guard let position = object.position(of: name) else { return nil }
        consumed[position] = true
        let value = object.members[position].value
        if case .null = value { return nil }
        return value
    }

    package mutating func value(_ name: String) throws(JSONFieldError) -> JSON {
        try required(optionalValue(name), name)
    }

    private func required<Value>(_ value: Value?, _ name: String) throws(JSONFieldError) -> Value {
        guard let value else { throw error(name, "is required") }
        return value
    }

    /// Ends the reading. Call it before acting on anything read.
    package func finish(unknown: UnknownMembers = .refuse) throws(JSONFieldError) {
        guard unknown == .refuse, let position = consumed.firstIndex(of: false) else { return }
        throw JSONFieldError(unknownField: path(object.members[position].name))
    }
}

// MARK: - Strings

extension JSONObjectReader {
    /// A string of at most `max` UTF-8 bytes. An empty one counts as a value: refuse it with `min: 1`.
    package mutating func optionalString(
        _ name: String, min: Int = 0, max: Int = stringBytesMax
    ) throws(JSONFieldError) -> String? {
        guard let value = optionalValue(name) else { return nil }
        guard case .string(let string) = value else { throw error(name, "must be a string") }
        let count = string.utf8.count
        guard count <= max else { throw error(name, "must be at most \(max) bytes long") }
        guard count >= min else {
            throw error(name, min == 1 ? "must not be empty" : "must be at least \(min) bytes long")
        }
        return string
    }

    package mutating func string(
        _ name: String, min: Int = 0, max: Int = stringBytesMax
    ) throws(JSONFieldError) -> String {
        try required(optionalString(name, min: min, max: max), name)
    }

    /// An array of at most `max` strings, each of at most `each` UTF-8 bytes.
    package mutating func optionalStrings(
        _ name: String, max: Int = stringsCountMax, each: Int = stringBytesMax
    ) throws(JSONFieldError) -> [String]? {
        guard let values = try optionalArray(name, max: max) else { return nil }
        var strings: [String] = []
        for value in values {
            guard case .string(let string) = value else { throw error(name, "must be an array of strings") }
            guard string.utf8.count <= each else {
                throw error(name, "must hold strings of at most \(each) bytes")
            }
            strings.append(string)
        }
        return strings
    }

    package mutating func strings(
        _ name: String, max: Int = stringsCountMax, each: Int = stringBytesMax
    ) throws(JSONFieldError) -> [String] {
        try required(optionalStrings(name, max: max, each: each), name)
    }

    /// Bytes written as unpadded base64url.
    package mutating func optionalBase64URL(_ name: String, maxBytes: Int) throws(JSONFieldError) -> [UInt8]? {
        let rule = "must be at most \(maxBytes) bytes in unpadded base64url"
        guard let value = optionalValue(name) else { return nil }
        guard case .string(let text) = value, let bytes = Base64URL.decode(text), bytes.count <= maxBytes else {
            throw error(name, rule)
        }
        return bytes
    }

    package mutating func base64URL(_ name: String, maxBytes: Int) throws(JSONFieldError) -> [UInt8] {
        try required(optionalBase64URL(name, maxBytes: maxBytes), name)
    }
}

// MARK: - Numbers, booleans, containers

extension JSONObjectReader {
    package mutating func optionalInteger(
        _ name: String, in range: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws(JSONFieldError) -> Int64? {
        guard let value = optionalValue(name) else { return nil }
        guard case .integer(let integer) = value, range.contains(integer) else {
            let isAny = range == Int64.min...Int64.max
            throw error(name, isAny ? "must be an integer" : "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    package mutating func integer(
        _ name: String, in range: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws(JSONFieldError) -> Int64 {
        try required(optionalInteger(name, in: range), name)
    }

    package mutating func optionalBool(_ name: String) throws(JSONFieldError) -> Bool? {
        guard let value = optionalValue(name) else { return nil }
        guard case .bool(let bool) = value else { throw error(name, "must be true or false") }
        return bool
    }

    package mutating func bool(_ name: String) throws(JSONFieldError) -> Bool {
        try required(optionalBool(name), name)
    }

    package mutating func optionalArray(_ name: String, max: Int) throws(JSONFieldError) -> [JSON]? {
        guard let value = optionalValue(name) else { return nil }
        guard case .array(let elements) = value else { throw error(name, "must be an array") }
        guard elements.count <= max else { throw error(name, "must hold at most \(max) elements") }
        return elements
    }

    package mutating func array(_ name: String, max: Int) throws(JSONFieldError) -> [JSON] {
        try required(optionalArray(name, max: max), name)
    }

    /// A reader for a member that is itself an object; its own `finish` must be called too.
    package mutating func optionalObject(_ name: String) throws(JSONFieldError) -> JSONObjectReader? {
        guard let value = optionalValue(name) else { return nil }
        return try JSONObjectReader(value, context: path(name))
    }

    package mutating func object(_ name: String) throws(JSONFieldError) -> JSONObjectReader {
        try required(optionalObject(name), name)
    }
}
