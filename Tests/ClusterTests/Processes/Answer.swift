import JOSE

/// What a member answered to one HTTP request, as curl saw it.
struct Answer: Sendable {
    /// 0 when there was no answer at all.
    let status: Int
    /// By lower-case name; a name that came twice keeps its last value.
    let fields: [String: String]
    let body: String

    /// The body as JSON; null when it is none.
    var json: JSON { (try? JSON(parsing: body)) ?? .null }

    /// The `metadata` of the envelope.
    var metadata: JSON { json["metadata"] ?? .null }

    /// The `error` of the envelope.
    var error: String { json["error"]?.stringValue ?? "" }

    var summary: String { "HTTP \(status) \(body.prefix(600))" }
}

extension Answer {
    /// curl writes the body to stdout and, by `%{stderr}`, the status and the fields to stderr.
    static let writeOut = "%{stderr}\n%{http_code}\n%{header_json}"

    init(_ curl: Command) {
        let lines = curl.errorOutput.split(separator: "\n", omittingEmptySubsequences: true)
        let statusLine = lines.lastIndex { $0.count == 3 && $0.allSatisfy(\.isNumber) }
        status = statusLine.flatMap { Int(lines[$0]) } ?? 0
        var fields: [String: String] = [:]
        let fieldText = statusLine.map { lines[($0 + 1)...].joined(separator: "\n") } ?? ""
        for member in (try? JSON(parsing: fieldText))?.objectValue?.members ?? [] {
            fields[member.name.lowercased()] = member.value.arrayValue?.last?.stringValue
        }
        self.fields = fields
        body = curl.output
    }
}
