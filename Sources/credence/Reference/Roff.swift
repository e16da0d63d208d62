import API

/// Writes the man macros (man(7)).
struct Roff {
    private var lines: [String] = []

    init(name: String, abstract: String) {
        // Without a date: the same sources give the same page.
        lines.append(".TH \(Self.quoted(name.uppercased())) 1 \"\" \(Self.quoted("credence \(Build.version)")) \"Credence\"")
        section("NAME")
        lines.append("\(Self.escaped(name)) \\- \(Self.escaped(Self.withoutFullStop(abstract)))")
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func section(_ title: String) { lines.append(".SH \(Self.quoted(title))") }

    mutating func subsection(_ title: String) { lines.append(".SS \(Self.quoted(title))") }

    mutating func line(_ text: String, font: String) { lines.append(".\(font) \(Self.quoted(text))") }

    mutating func paragraph(_ text: String) {
        guard !text.isEmpty else { return }
        lines += [".PP", Self.escaped(text)]
    }

    /// Text whose empty lines part paragraphs; lines with columns in them stay as they are.
    mutating func paragraphs(_ text: String) {
        for block in text.split(separator: "\n\n") {
            let rows = block.split(separator: "\n")
            guard rows.count > 1 else {
                paragraph(String(block))
                continue
            }
            lines += [".PP", ".nf"] + rows.map { Self.escaped(String($0)) } + [".fi"]
        }
    }

    /// A line of the synopsis: the continuation of a long one is indented.
    mutating func hangingLine(_ text: String) {
        lines += [".HP", ".nh", Self.escaped(text), ".hy", ".br"]
    }

    mutating func item(_ term: String, _ text: String) {
        lines += [".TP", ".B \(Self.quoted(term))", text.isEmpty ? "\\&" : Self.escaped(text)]
    }

    mutating func seeAlso(_ names: [String]) {
        section("SEE ALSO")
        for (index, name) in names.enumerated() { lines.append(".BR \(Self.escaped(name)) (1)\(index == names.count - 1 ? "" : ",")") }
    }

    private static func withoutFullStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    /// One argument of a macro.
    private static func quoted(_ text: String) -> String { "\"\(escaped(text).replacing("\"", with: "\\(dq"))\"" }

    /// Text that says nothing to roff: a hyphen is the one of options, and no line begins with a request.
    static func escaped(_ text: String) -> String {
        let quiet = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\e"
            case "-": "\\-"
            case "`": "\\(ga"
            case "'": "\\(aq"
            case "^": "\\(ha"
            case "~": "\\(ti"
            case _ where scalar.value > 0x7E: "\\[u\(padded(scalar.value))]"
            default: String(scalar)
            }
        }.joined()
        return quiet.hasPrefix(".") ? "\\&" + quiet : quiet
    }

    private static func padded(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
