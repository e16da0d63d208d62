import ArgumentParser
import JOSE

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json
}

extension OutputFormat {
    /// A list of objects, as it came or as a table of some of their members.
    func show(_ list: JSON, columns: [Table.Column]) {
        switch self {
        case .json: Terminal.out(list.encodedString)
        case .table: Terminal.out(Table(columns, rows: list.arrayValue ?? []).text)
        }
    }

    /// One object, as it came or one member per line.
    func show(_ object: JSON) {
        switch self {
        case .json: Terminal.out(object.encodedString)
        case .table: Terminal.out(Table.lines(of: object))
        }
    }
}
