/// One JSON value (RFC 8259), as strict as a store of credentials needs it: what a parser could
/// read in two ways (a name twice, half a surrogate pair, bytes after the end) never becomes one.
package enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits; exact.
    case integer(Int64)
    /// Any other number; always finite. An integer beyond 64 bits lands here, rounded.
    case double(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    package var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var integerValue: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    package var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of an object, or nil for any other value; for reading results, not for checking input.
    package subscript(name: String) -> JSON? {
        objectValue?[name]
    }

    package static func strings(_ values: [String]) -> JSON {
        .array(values.map(JSON.string))
    }
}

// Not by `nil`: where a `JSON?` is wanted, `nil` would then quietly mean null in some expressions.
extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements))
    }
}
