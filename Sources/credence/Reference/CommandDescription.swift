import ArgumentParser
import JOSE

/// A command as its own help describes it, with those below it: what manual pages, the reference and the search for what
/// somebody meant are made from.
struct CommandDescription {
    /// From `credence` on.
    let path: [String]
    let abstract: String
    let discussion: String
    let arguments: [ArgumentDescription]
    let subcommands: [CommandDescription]

    var name: String { path.last ?? "" }
    var line: String { path.joined(separator: " ") }

    /// All of them, as ArgumentParser dumps them for tools; without those that are not shown.
    static let root: CommandDescription = {
        do {
            _ = try Credence.parseAsRoot(["--experimental-dump-help"])
        } catch {
            let dump = try? JSON(parsing: Credence.fullMessage(for: error))
            if let command = dump?["command"] { return CommandDescription(command, below: []) }
        }
        preconditionFailure("the commands of this program cannot describe themselves")
    }()

    private init(_ json: JSON, below parents: [String]) {
        let path = parents + [json["commandName"]?.stringValue ?? ""]
        self.path = path
        abstract = json["abstract"]?.stringValue ?? ""
        discussion = json["discussion"]?.stringValue ?? ""
        arguments = (json["arguments"]?.arrayValue ?? []).filter(Self.isShown).map(ArgumentDescription.init)
        // `help` is ArgumentParser's; it stands beside our nouns and says nothing of its own.
        subcommands = (json["subcommands"]?.arrayValue ?? []).filter { Self.isShown($0) && $0["commandName"] != "help" }
            .map { CommandDescription($0, below: path) }
    }

    private static func isShown(_ json: JSON) -> Bool { json["shouldDisplay"]?.boolValue != false }

    /// Those that do something, in the order of the help.
    var verbs: [CommandDescription] { subcommands.isEmpty ? [self] : subcommands.flatMap(\.verbs) }

    /// What it takes beside what every command takes.
    var ownArguments: [ArgumentDescription] {
        arguments.filter { !$0.isBuiltIn && !(isConnecting && $0.isForConnecting) }
    }

    /// Whether it talks to a member.
    var isConnecting: Bool { ArgumentDescription.connection.isSubset(of: arguments.filter(\.isForConnecting).map(\.name)) }

    /// How it is written: `credence token show ID`.
    var synopsis: String {
        let isPositional = { (argument: ArgumentDescription) in argument.kind == .positional }
        let options = ownArguments.filter { !isPositional($0) }.map { argument in
            let text = argument.signature + (argument.isRepeating ? " ..." : "")
            return argument.isOptional ? "[\(text)]" : text
        }
        let values = ownArguments.filter(isPositional).map { argument in
            let text = argument.signature + (argument.isRepeating ? " ..." : "")
            return argument.isOptional ? "[\(text)]" : text
        }
        return ([line] + options + values).joined(separator: " ")
    }
}

/// An option, a flag, or a value without a name.
struct ArgumentDescription {
    enum Kind: String { case option, flag, positional }

    let kind: Kind
    /// The long name, without hyphens.
    let name: String
    /// With hyphens, the preferred one first.
    let names: [String]
    let valueName: String
    let abstract: String
    let isOptional: Bool
    let isRepeating: Bool
    let defaultValue: String?

    /// The options of `ConnectionOptions`.
    static let connection: Set = ["address", "token", "fingerprint", "ca", "remote", "cert", "key", "data", "format"]

    init(_ json: JSON) {
        kind = json["kind"]?.stringValue.flatMap(Kind.init) ?? .positional
        valueName = json["valueName"]?.stringValue ?? ""
        let written = (json["names"]?.arrayValue ?? []).map { ($0["kind"] == "short" ? "-" : "--") + ($0["name"]?.stringValue ?? "") }
        let preferred = json["preferredName"]?["name"]?.stringValue
        let name = preferred ?? valueName
        self.name = name
        names = written.filter { $0 == "--\(name)" } + written.filter { $0 != "--\(name)" }
        abstract = json["abstract"]?.stringValue ?? ""
        isOptional = json["isOptional"]?.boolValue ?? false
        isRepeating = json["isRepeating"]?.boolValue ?? false
        defaultValue = json["defaultValue"]?.stringValue
    }

    var isBuiltIn: Bool { kind == .flag && (name == "help" || name == "version") }

    /// One of `ConnectionOptions`; a value without a name may be called as one of them.
    var isForConnecting: Bool { kind == .option && Self.connection.contains(name) }

    /// `--name VALUE`, `--flag` or `VALUE`.
    var signature: String {
        switch kind {
        case .flag: names.first ?? ""
        case .option: "\(names.first ?? "") \(placeholder)"
        case .positional: placeholder
        }
    }

    /// As `signature`, with every name.
    var signatures: String {
        kind == .positional ? placeholder : names.joined(separator: ", ") + (kind == .option ? " \(placeholder)" : "")
    }

    private var placeholder: String { valueName.uppercased() }

    /// What it means, and what happens without it.
    var text: String {
        guard let defaultValue, kind != .flag, !abstract.contains("efault") else { return abstract }
        return "\(abstract) Default: \(defaultValue)."
    }
}
