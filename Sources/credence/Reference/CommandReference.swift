/// The commands for docs/reference, in Markdown.
enum CommandReference {
    static var text: String {
        let root = CommandDescription.root
        var lines = [
            "# Commands", "",
            "Made from the program's own help; a test checks that both agree. `credence completion` has completions for shells, and `man credence` the same as below.", "",
        ]
        for noun in root.subcommands { append(noun, to: &lines) }
        lines += ["## Options of every command that talks to a member", ""]
        if let verb = root.verbs.first(where: \.isConnecting) {
            options(verb.arguments.filter(\.isForConnecting), to: &lines)
        }
        lines += ["## Variables", "", "| variable | meaning |", "| --- | --- |"]
        lines += Surroundings.variables.map { "| `\($0.0)` | \(cell($0.1)) |" }
        lines += ["", "## Exit codes", "", "| code | meaning |", "| --- | --- |"]
        lines += Surroundings.statuses.map { "| \($0.0) | \(cell($0.1)) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func append(_ noun: CommandDescription, to lines: inout [String]) {
        lines += ["## \(noun.line)", "", noun.abstract, ""]
        if noun.subcommands.isEmpty { return body(noun, to: &lines) }
        for verb in noun.subcommands {
            lines += ["### \(verb.line)", "", verb.abstract, ""]
            body(verb, to: &lines)
        }
    }

    private static func body(_ verb: CommandDescription, to lines: inout [String]) {
        if !verb.discussion.isEmpty {
            let isPreformatted = verb.discussion.contains("\n")
            lines += isPreformatted ? ["```text", verb.discussion, "```", ""] : [verb.discussion, ""]
        }
        lines += ["    \(verb.synopsis)", ""]
        options(verb.ownArguments, to: &lines)
    }

    private static func options(_ arguments: [ArgumentDescription], to lines: inout [String]) {
        guard !arguments.isEmpty else { return }
        lines += ["| option | meaning |", "| --- | --- |"]
        lines += arguments.map { "| `\($0.signatures)` | \(cell($0.text))\($0.isOptional ? "" : " Required.") |" }
        lines.append("")
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
