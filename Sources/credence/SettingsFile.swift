import EventLoop
import JOSE

/// What `serve --config` names: one `name: value` a line with comments, which is a part of YAML, or a JSON object.
///
/// The part is small on purpose. What is accepted means here what it means in YAML; whatever YAML would read another way
/// (indentation, anchors, tags, text that starts like something else) is refused with its line.
enum SettingsFile {
    static let bytesMax = 64 * 1024

    struct Failure: Error, Equatable, CustomStringConvertible {
        /// Counted from 1.
        let line: Int
        let problem: String

        var description: String { "line \(line): \(problem)" }
    }

    static func read(_ path: String) throws(CommandFailure) -> JSONObject {
        do {
            return try parse(String(decoding: try PrivateFile.read(path, bytesMax: bytesMax), as: UTF8.self))
        } catch {
            throw .usage("--config \(path): \(error)")
        }
    }

    static func parse(_ text: String) throws -> JSONObject {
        if text.first(where: { !$0.isWhitespace }) == "{" {
            guard case .object(let object) = try JSON(parsing: text) else { throw Failure(line: 1, problem: "must be an object") }
            return object
        }
        var object = JSONObject()
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            do throws(Malformed) {
                guard let (name, value) = try option(line) else { continue }
                guard object[name] == nil else { throw Malformed("\"\(Table.printable(name))\" is given twice") }
                object[name] = value
            } catch {
                throw Failure(line: index + 1, problem: error.problem)
            }
        }
        return object
    }

    private struct Malformed: Error {
        let problem: String
        init(_ problem: String) { self.problem = problem }
    }

    /// Nil for a line that says nothing.
    private static func option(_ line: Substring) throws(Malformed) -> (String, JSON)? {
        let content = withoutComment(line)
        guard !content.isEmpty else { return nil }
        guard line.first != " ", line.first != "\t" else { throw Malformed("begins with a blank; each option begins its line") }
        let name = content.prefix { isNameByte($0) }
        let rest = content.dropFirst(name.count)
        guard !name.isEmpty, rest.first == ":", rest.dropFirst().first.map({ $0 == " " }) ?? true else {
            throw Malformed("write NAME: VALUE")
        }
        var scalars = Scalars(text: trimmed(rest.dropFirst()))
        let value = try scalars.value()
        guard scalars.isAtEnd else { throw Malformed("what follows the value does not belong there") }
        return (String(name), value)
    }

    private static func isNameByte(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
    }

    /// A number sign begins a comment at the start of a line or behind a blank, outside of quotes.
    private static func withoutComment(_ line: Substring) -> Substring {
        var quote: Character?
        var before: Character = " "
        var index = line.startIndex
        while index < line.endIndex {
            let character = line[index]
            switch (quote, character) {
            case (nil, "#") where before == " " || before == "\t": return trimmed(line[..<index])
            case (nil, "\""), (nil, "'"): if " \t[,".contains(before) { quote = character }
            case ("\""?, "\\"): index = line.index(after: index)
            case (let open?, _) where open == character: quote = nil
            default: break
            }
            before = character
            if index < line.endIndex { index = line.index(after: index) }
        }
        return trimmed(line)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }

    /// Reads what stands behind the colon.
    private struct Scalars {
        private var text: Substring

        init(text: Substring) { self.text = text }

        var isAtEnd: Bool { text.isEmpty }

        mutating func value() throws(Malformed) -> JSON {
            guard text.first == "[" else { return try scalar(isInList: false) }
            text.removeFirst()
            var elements: [JSON] = []
            while true {
                skipBlanks()
                if text.first == "]" { break }
                elements.append(try scalar(isInList: true))
                skipBlanks()
                if text.first == "," { text.removeFirst() } else if text.first != "]" { throw Malformed("the list is not closed by ]") }
            }
            text.removeFirst()
            skipBlanks()
            return .array(elements)
        }

        private mutating func skipBlanks() { text = text.drop { $0 == " " || $0 == "\t" } }

        private mutating func scalar(isInList: Bool) throws(Malformed) -> JSON {
            switch text.first {
            case "\"": return .string(try doubleQuoted())
            case "'": return .string(try singleQuoted())
            default: return try plain(isInList: isInList)
            }
        }

        /// YAML reads the escapes of JSON as JSON does.
        private mutating func doubleQuoted() throws(Malformed) -> String {
            var end = text.index(after: text.startIndex)
            while end < text.endIndex, text[end] != "\"" {
                end = text.index(after: end)
                if end < text.endIndex, text[text.index(before: end)] == "\\" { end = text.index(after: end) }
            }
            guard end < text.endIndex else { throw Malformed("the text is not closed by a quote") }
            let literal = text[...end]
            text = text[text.index(after: end)...]
            guard case .string(let value)? = try? JSON(parsing: String(literal)) else { throw Malformed("the text in quotes is not written as in JSON") }
            return value
        }

        /// Two quotes stand for one.
        private mutating func singleQuoted() throws(Malformed) -> String {
            text.removeFirst()
            var value = ""
            while let character = text.popFirst() {
                guard character == "'" else {
                    value.append(character)
                    continue
                }
                guard text.first == "'" else { return value }
                value.append(text.removeFirst())
            }
            throw Malformed("the text is not closed by a quote")
        }

        private mutating func plain(isInList: Bool) throws(Malformed) -> JSON {
            var word = isInList ? text.prefix { $0 != "," && $0 != "]" } : text
            text = text.dropFirst(word.count)
            while let last = word.last, last == " " || last == "\t" { word.removeLast() }
            // What YAML takes for the start of something else than text (YAML 1.2.2, 7.3.3), or for a member of an object.
            let isOther = word.first.map { "[]{}&*!|>%@`,?#".contains($0) } ?? isInList
            let isItem = word == "-" || word.hasPrefix("- ")
            guard !isOther, !isItem, !word.contains(": "), !word.contains(" #"), word.last != ":", !(isInList && word.contains { "[{}".contains($0) }) else {
                throw Malformed("\"\(Table.printable(String(word)))\" needs quotes")
            }
            return switch word {
            case "", "~", "null", "Null", "NULL": .null
            case "true", "True", "TRUE": true
            case "false", "False", "FALSE": false
            default: .string(String(word))
            }
        }
    }
}
