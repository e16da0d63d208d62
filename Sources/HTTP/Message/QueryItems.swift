/// The `name=value` pairs of a query or a form, as `application/x-www-form-urlencoded`.
///
/// Decoded once, when the value is made: a stranger's form may be long, and is looked up by every name that a route knows.
/// An item without `=` has an empty value; empty items (`a=1&&b=2`) are skipped.
package struct QueryItems: Sendable {
    package enum Failure: Error, Equatable, Sendable {
        case encoding(PercentEncodingError)
        /// More than `countMax` items.
        case tooManyItems
    }

    /// More than any route has names for, several times.
    package static let countMax = 100

    /// In order.
    package let items: [(name: String, value: String)]

    package init(_ head: HTTPHead) throws(Failure) {
        try self.init(head.bytes[head.queryRange ?? 0..<0])
    }

    /// - Parameter form: a whole `application/x-www-form-urlencoded` body.
    package init(form: [UInt8]) throws(Failure) {
        try self.init(form[...])
    }

    private init(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        var items: [(name: String, value: String)] = []
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let item = rest[..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
            if item.isEmpty { continue }
            guard items.count < Self.countMax else { throw .tooManyItems }
            let equals = item.firstIndex(of: UInt8(ascii: "="))
            items.append((try Self.text(item[..<(equals ?? end)]), try Self.text(equals.map { item[($0 + 1)...] } ?? [])))
        }
        self.items = items
    }

    package var isEmpty: Bool { items.isEmpty }

    /// The value of the first item of that name.
    package subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    /// The values of all items of that name; a caller for whom a repeated item is ambiguous refuses more than one.
    package func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(Failure) -> String {
        do throws(PercentEncodingError) {
            return try PercentEncoding.decode(bytes, plusIsSpace: true)
        } catch {
            throw .encoding(error)
        }
    }
}
