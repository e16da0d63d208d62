import JOSE
import TrustStore

/// The settings of the whole cluster for docs/reference, in Markdown.
enum SettingReference {
    static var text: String {
        let usual = ClusterSettings()
        var lines = [
            "# Settings of the cluster", "",
            "`credence config set NAME=VALUE` changes them on every member at once, `PATCH /1.0/cluster/settings` does the same. Made from the program; a test checks that both agree.",
            "",
            "| name | type | default | values | meaning |", "| --- | --- | --- | --- | --- |",
        ]
        for setting in ClusterSetting.allCases {
            let value = usual[setting]
            let type = value.stringValue == nil ? "integer" : "text"
            lines.append("| `\(setting.rawValue)` | \(type) | \(Table.cell(value)) | \(setting.bounds.text) | \(setting.summary). |")
        }
        lines += [
            "", "Names that end in `_seconds` are in seconds, those in `_milliseconds` in milliseconds. What one member alone obeys (where it listens, what it logs) are options of",
            "[`credence serve`](commands.md#credence-serve).",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
