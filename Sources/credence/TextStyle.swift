/// How what is written to a stream may look.
enum TextStyle {
    case plain
    /// A terminal whose user has not asked for less.
    case coloured

    enum Colour: String {
        case bold = "1"
        case red = "31"
        case green = "32"
    }

    /// As no-color.org has it: set and not empty means no.
    init(isTerminal: Bool, environment: (String) -> String?) {
        let isDumb = environment("TERM").map { $0 == "dumb" } ?? true
        self = isTerminal && !isDumb && environment("NO_COLOR") == nil ? .coloured : .plain
    }

    func paint(_ text: String, _ colour: Colour) -> String {
        switch self {
        case .plain: text
        case .coloured: "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
        }
    }
}
