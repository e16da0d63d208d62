/// The `name=value` pairs of a query, read in place as `application/x-www-form-urlencoded`.
///
/// Every escape is checked once, when the value is made, so a look-up cannot fail half way through a request.
/// An item without `=` has an empty value; empty items (`a=1&&b=2`) are skipped.
package struct QueryItems: Sendable {
    private let bytes: [UInt8]
    private let range: Range<Int>

    package init(_ head: HTTPHead) throws(PercentEncodingError) {
        try self.init(head.bytes, in: head.queryRange ?? 0..<0)
    }

    /// - Parameter form: a whole `application/x-www-form-urlencoded` body.
    package init(form: [UInt8]) throws(PercentEncodingError) {
        try self.init(form, in: 0..<form.count)
    }

    private init(_ bytes: [UInt8], in range: Range<Int>) throws(PercentEncodingError) {
        self.bytes = bytes
        self.range = range
        let isPlain = bytes[range].allSatisfy { $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+") && $0 < 0x80 && $0 != 0 }
        guard !isPlain else { return }
        var start = range.lowerBound
        while let item = item(from: &start) {
            _ = try PercentEncoding.decode(bytes[item.name], plusIsSpace: true)
            _ = try PercentEncoding.decode(bytes[item.value], plusIsSpace: true)
        }
    }

    package var isEmpty: Bool { range.isEmpty }

    /// The value of the first item of that name.
    package subscript(name: String) -> String? {
        var start = range.lowerBound
        while let item = item(from: &start) {
            if matches(item.name, name) { return text(item.value) }
        }
        return nil
    }

    /// The values of all items of that name; a caller for whom a repeated item is ambiguous refuses more than one.
    package func values(_ name: String) -> [String] {
        var values: [String] = []
        var start = range.lowerBound
        while let item = item(from: &start) {
            if matches(item.name, name) { values.append(text(item.value)) }
        }
        return values
    }

    /// All items, decoded, in order.
    package var items: [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        var start = range.lowerBound
        while let item = item(from: &start) { items.append((text(item.name), text(item.value))) }
        return items
    }

    private func item(from start: inout Int) -> (name: Range<Int>, value: Range<Int>)? {
        while start < range.upperBound {
            let end = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: "&")) ?? range.upperBound
            let item = start..<end
            start = min(end + 1, range.upperBound)
            if item.isEmpty { continue }
            guard let equals = bytes[item].firstIndex(of: UInt8(ascii: "=")) else { return (item, end..<end) }
            return (item.lowerBound..<equals, equals + 1..<end)
        }
        return nil
    }

    private func matches(_ range: Range<Int>, _ name: String) -> Bool {
        bytes.equals(range, name) || (needsDecoding(range) && text(range) == name)
    }

    private func needsDecoding(_ range: Range<Int>) -> Bool {
        bytes[range].contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
    }

    private func text(_ range: Range<Int>) -> String {
        // Cannot throw: `init` has decoded every item that is not plain ASCII.
        (try? PercentEncoding.decode(bytes[range], plusIsSpace: true)) ?? ""
    }
}
