import ArgumentParser
import JOSE

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, yaml, csv
}

extension OutputFormat {
    /// The whole value for a program to read; nil for `table`, which is for people.
    func text(of value: JSON) -> String? {
        switch self {
        case .table: nil
        case .json: value.encodedString
        case .yaml: BlockYAML.of(value)
        case .csv: CSVText.of(value)
        }
    }

    /// A list of objects, as it came or as a table of some of their members.
    func show(_ list: JSON, columns: [Table.Column]) {
        switch self {
        case .csv: Terminal.out(CSVText.of(columns, rows: list.arrayValue ?? []))
        case .json, .yaml: Terminal.out(text(of: list) ?? "")
        case .table: Terminal.out(Table(columns, rows: list.arrayValue ?? []).text(Terminal.outputStyle))
        }
    }

    /// One object, as it came or one member per line.
    func show(_ object: JSON) {
        Terminal.out(text(of: object) ?? Table.lines(of: object))
    }
}
