import JOSE

/// Text in columns, for people.
struct Table {
    struct Column {
        let title: String
        let value: (JSON) -> JSON?

        init(_ title: String, _ value: @escaping (JSON) -> JSON?) {
            self.title = title
            self.value = value
        }

        init(_ title: String, _ member: String) {
            self.init(title) { $0[member] }
        }
    }

    private let lines: [[String]]

    init(_ columns: [Column], rows: [JSON]) {
        lines = [columns.map(\.title)] + rows.map { row in columns.map { Self.cell($0.value(row)) } }
    }

    var text: String { text(.plain) }

    func text(_ style: TextStyle) -> String {
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.enumerated().map { number, line in
            var padded = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            // No spaces at the end of a line: they get in the way of whoever copies it.
            padded[padded.count - 1] = line[line.count - 1]
            let text = padded.joined(separator: "  ")
            return number == 0 ? style.paint(text, .bold) : text
        }.joined(separator: "\n")
    }

    static func lines(of object: JSON) -> String {
        let members = object.objectValue?.members ?? []
        let width = members.map(\.name.count).max() ?? 0
        return members.map { member in
            member.name + String(repeating: " ", count: width - member.name.count + 2) + cell(member.value)
        }.joined(separator: "\n")
    }

    /// What came from the cluster may hold anything; a control character must not reach the terminal.
    static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null: "-"
        case .string(let text): printable(text)
        case .bool(let flag): flag ? "yes" : "no"
        case .array(let elements): elements.isEmpty ? "-" : elements.map { cell($0) }.joined(separator: ",")
        case let other?: printable(other.encodedString)
        }
    }

    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
