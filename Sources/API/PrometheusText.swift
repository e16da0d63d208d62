/// Metrics in the text format of Prometheus (version 0.0.4).
struct PrometheusText {
    enum Kind: String { case counter, gauge }

    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// One metric with its samples; a sample without a value is left out, since zero would be a claim.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [(String, String)], value: Double?)]) {
        text += "# HELP credence_\(name) \(help)\n# TYPE credence_\(name) \(kind.rawValue)\n"
        for sample in samples {
            guard let value = sample.value else { continue }
            let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
            text += "credence_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(value))\n"
        }
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        add(name, kind, help, [([], value)])
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// Whole numbers as such: exactly, as far as a double is exact.
    private static func number(_ value: Double) -> String {
        value.magnitude < 9e15 && value == value.rounded() ? String(Int64(value)) : String(value)
    }
}
