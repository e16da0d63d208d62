/// Text from a stranger, made fit for a log line, an answer or a terminal: in quotes, printable
/// ASCII only, and cut.
package enum QuotedText {
    package static let bytesMax = 128

    package static func quoted(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            guard shown.utf8.count < bytesMax else {
                shown += "..."
                break
            }
            switch scalar {
            case "\"", "\\": shown += "\\\(scalar)"
            case _ where scalar.value >= 0x20 && scalar.value < 0x7F: shown.unicodeScalars.append(scalar)
            default: shown += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return "\"\(shown)\""
    }
}
