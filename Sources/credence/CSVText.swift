import JOSE

/// Values as RFC 4180 has them: a line of names, then one line a row. Lines end with a line feed, as tools of Unix want it.
enum CSVText {
    /// The names are those of the table, in lower case and with underscores.
    static func of(_ columns: [Table.Column], rows: [JSON]) -> String {
        let names = columns.map { field($0.title.lowercased().replacing(" ", with: "_")) }
        return lines([names] + rows.map { row in columns.map { cell($0.value(row)) } })
    }

    /// An object is one row, a list of objects one row each with the names that any of them has; anything else is one cell.
    static func of(_ value: JSON) -> String {
        switch value {
        case .object(let object): lines([object.names.map(field), object.members.map { cell($0.value) }])
        case .array(let rows):
            if rows.allSatisfy({ $0.objectValue != nil }) { table(rows) } else { lines(rows.map { [cell($0)] }) }
        default: cell(value)
        }
    }

    private static func table(_ rows: [JSON]) -> String {
        var names: [String] = []
        for row in rows { for name in row.objectValue?.names ?? [] where !names.contains(name) { names.append(name) } }
        return lines([names.map(field)] + rows.map { row in names.map { cell(row[$0]) } })
    }

    private static func lines(_ rows: [[String]]) -> String {
        rows.map { $0.joined(separator: ",") }.joined(separator: "\n")
    }

    private static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null: ""
        case .string(let text): field(text)
        case .array(let elements) where elements.allSatisfy { $0.stringValue != nil }: field(elements.compactMap(\.stringValue).joined(separator: ","))
        case let other?: field(other.encodedString)
        }
    }

    /// A control character has no business in a cell; who wants the exact text asks for JSON.
    private static func field(_ text: String) -> String {
        let printable = Table.printable(text)
        guard printable.contains(where: { $0 == "," || $0 == "\"" || $0 == " " }) else { return printable }
        return "\"" + printable.replacing("\"", with: "\"\"") + "\""
    }
}
