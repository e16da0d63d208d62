import Foundation
import HistoryChecker
import JOSE

/// `history.jsonl`: a line when a call begins and another when it ends, each with all that is known by then.
enum HistoryFile {
    static func line(_ event: HistoryEvent) -> String {
        let object: JSON = [
            "process": .integer(Int64(event.process)), "type": .string(event.kind.rawValue), "f": .string(event.function.rawValue),
            "key": .string(event.key), "in": .string(event.input), "out": .string(event.output),
            "t_invoke": .integer(Int64(clamping: event.invoked)),
            "t_return": event.returned.map { .integer(Int64(clamping: $0)) } ?? .null,
            "member": event.member.map { .integer(Int64($0)) } ?? .null, "index": event.index.map { .integer($0) } ?? .null,
        ]
        return object.encodedString + "\n"
    }

    static func read(_ path: String) throws -> [HistoryEvent] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw ChaosError(description: "\(path) cannot be read") }
        return try text.split(separator: "\n").enumerated().map { number, line in
            guard let event = event(line) else { throw ChaosError(description: "\(path):\(number + 1) is no event of a history") }
            return event
        }
    }

    private static func event(_ line: Substring) -> HistoryEvent? {
        guard let json = try? JSON(parsing: Array(line.utf8)), let process = json["process"]?.integerValue,
            let kind = json["type"]?.stringValue.flatMap(HistoryEvent.Kind.init),
            let function = json["f"]?.stringValue.flatMap(HistoryEvent.Function.init), let key = json["key"]?.stringValue,
            let input = json["in"]?.stringValue, let output = json["out"]?.stringValue, let invoked = json["t_invoke"]?.integerValue
        else { return nil }
        return HistoryEvent(
            process: Int(process), function: function, key: key, input: input, output: output, kind: kind, invoked: UInt64(invoked),
            returned: json["t_return"]?.integerValue.map { UInt64($0) }, member: json["member"]?.integerValue.map { Int($0) },
            index: json["index"]?.integerValue)
    }
}
