import JOSE

/// JSON as YAML 1.2 in block style. Text that is more than a plain word is quoted as in JSON, which YAML reads the same way.
enum BlockYAML {
    /// Without a line break at the end.
    static func of(_ value: JSON) -> String {
        var lines: [String] = []
        append(value, margin: "", to: &lines)
        return lines.joined(separator: "\n")
    }

    private static func append(_ value: JSON, margin: String, to lines: inout [String]) {
        switch value {
        case .object(let object) where !object.isEmpty:
            for member in object.members { append(member.value, under: "\(margin)\(quoted(member.name)):", margin, to: &lines) }
        case .array(let elements) where !elements.isEmpty:
            for element in elements { append(element, under: "\(margin)-", margin, to: &lines) }
        default: lines.append(margin + scalar(value))
        }
    }

    private static func append(_ value: JSON, under start: String, _ margin: String, to lines: inout [String]) {
        switch value {
        case .object(let object) where !object.isEmpty: break
        case .array(let elements) where !elements.isEmpty: break
        default: return lines.append("\(start) \(scalar(value))")
        }
        lines.append(start)
        append(value, margin: margin + "  ", to: &lines)
    }

    private static func scalar(_ value: JSON) -> String {
        if case .string(let text) = value { return quoted(text) }
        return value.encodedString
    }

    /// Words that some reader of YAML takes for something else than text.
    private static let reserved: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    static func quoted(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && $0.isLetter } == true && !reserved.contains(text.lowercased())
            && text.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_.".unicodeScalars.contains($0)) }
        guard !isPlain else { return text }
        // What JSON may leave as it is and YAML, or a terminal, may not: control characters beyond the first 32, line and
        // paragraph separators, byte order marks.
        return JSON.string(text).encodedString.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: escaped(scalar)
            default: String(scalar)
            }
        }.joined()
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let width = scalar.value > 0xFFFF ? 8 : 4
        return (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.count) + digits
    }
}
