import Foundation
import JOSE

/// What goes to the terminal: results to standard output, everything else beside it.
enum Report {
    static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    static func show(_ rows: [(String, String)], asJSON: Bool) {
        if asJSON { return print(JSON.object(JSONObject(rows.map { ($0.0, .string($0.1)) })).encodedString) }
        let width = rows.map(\.0.count).max() ?? 0
        for (name, value) in rows { print(name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + value) }
    }
}
