/// A token on the command line is seen by everybody on the machine; `-` reads it from standard input.
enum TokenArgument {
    static func read(_ argument: String) throws(CommandFailure) -> String {
        guard argument == "-" else { return argument }
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            throw .usage("no token on standard input")
        }
        return line
    }

    /// Three parts with dots between them are a token; its id, base64url, has none.
    static func looksLikeToken(_ text: String) -> Bool {
        text.utf8.count { $0 == UInt8(ascii: ".") } == 2
    }
}

/// Seconds, or a number with a unit: `90`, `90s`, `30m`, `12h`, `7d`, `1y`.
enum Lifetime {
    static func seconds(_ text: String, option: String) throws(CommandFailure) -> Int64 {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let units: [String: Int64] = ["": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000]
        guard let amount = Int64(digits), let unit = units[String(text.dropFirst(digits.count))],
            case (let seconds, let overflow) = amount.multipliedReportingOverflow(by: unit), !overflow
        else { throw .usage("\(option) must be seconds, or a number with s, m, h, d, w or y, for example 12h") }
        return seconds
    }
}
