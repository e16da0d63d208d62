import API

/// A page for man(1): one of the whole program and one of each noun, made from the same help that `--help` prints.
struct ManualPage {
    /// `credence` or `credence-token`; the file is the name with `.1` behind it.
    let name: String
    let text: String

    static var all: [ManualPage] {
        let root = CommandDescription.root
        return [overview(root)] + root.subcommands.map { of($0, beside: root.subcommands) }
    }

    // MARK: - Pages

    private static func overview(_ root: CommandDescription) -> ManualPage {
        var page = Roff(name: "credence", abstract: root.abstract)
        page.section("SYNOPSIS")
        page.line("credence NOUN VERB [OPTION ...]", font: "B")
        page.section("DESCRIPTION")
        page.paragraph(
            "One program is the server and the operator's command line. A few members replicate trusted certificates, revocation lists and token keys, "
                + "and each verifies tokens by itself, from memory. Each noun has a page of its own.")
        page.section("COMMANDS")
        for noun in root.subcommands {
            let verbs = noun.subcommands.map(\.name).joined(separator: ", ")
            page.item(noun.line, verbs.isEmpty ? noun.abstract : "\(noun.abstract) Verbs: \(verbs).")
        }
        connectionOptions(root, &page)
        page.section("ENVIRONMENT")
        for (name, text) in Surroundings.variables { page.item(name, text) }
        page.section("EXIT STATUS")
        for (status, text) in Surroundings.statuses { page.item(status, text) }
        page.section("FILES")
        for (path, text) in Surroundings.files { page.item(path, text) }
        page.seeAlso(root.subcommands.map { "credence-\($0.name)" })
        return ManualPage(name: "credence", text: page.text)
    }

    private static func of(_ noun: CommandDescription, beside nouns: [CommandDescription]) -> ManualPage {
        let name = "credence-\(noun.name)"
        var page = Roff(name: name, abstract: noun.abstract)
        page.section("SYNOPSIS")
        for verb in noun.verbs { page.hangingLine(verb.synopsis) }
        page.section("DESCRIPTION")
        page.paragraph(noun.abstract)
        if noun.subcommands.isEmpty {
            page.paragraphs(noun.discussion)
            page.section("OPTIONS")
            for argument in noun.ownArguments { page.item(argument.signatures, argument.text) }
        }
        for verb in noun.subcommands {
            page.subsection(verb.line)
            page.paragraph(verb.abstract)
            page.paragraphs(verb.discussion)
            for argument in verb.ownArguments { page.item(argument.signatures, argument.text) }
        }
        if noun.verbs.contains(where: \.isConnecting) { connectionOptions(noun, &page) }
        page.section("EXIT STATUS")
        page.paragraph("0 done; 1 refused or failed; 2 used wrongly; 3 no member could be reached; 4 the token is not valid.")
        page.seeAlso(["credence"] + nouns.filter { $0.name != noun.name }.map { "credence-\($0.name)" })
        return ManualPage(name: name, text: page.text)
    }

    private static func connectionOptions(_ command: CommandDescription, _ page: inout Roff) {
        guard let verb = command.verbs.first(where: \.isConnecting) else { return }
        page.section("WHICH MEMBER, AS WHOM, AND HOW IT IS SHOWN")
        page.paragraph("Every command that talks to a member takes these:")
        for argument in verb.arguments where argument.isForConnecting {
            page.item(argument.signatures, argument.text)
        }
    }
}

/// What a program of this name finds around it; told on the overview's page and in the reference.
enum Surroundings {
    static let variables: [(String, String)] = [
        ("CREDENCE_ADDRESS", "The member that commands talk to, as --address."),
        ("CREDENCE_TOKEN", "The bearer token, as --token."),
        ("CREDENCE_FINGERPRINT", "SHA-256 of the cluster certificate, as --fingerprint."),
        ("CREDENCE_API_INFO", "TOKEN:MULTIADDR, as `credence auth api-info` prints it."),
        ("CREDENCE_REMOTE", "A cluster of `credence remote list`, as --remote."),
        ("CREDENCE_DATA", "The data directory, as --data."),
        ("CREDENCE_KEYSTORE_PASSPHRASE", "serve: the passphrase of the keystore."),
        ("CREDENCE_LISTEN and so on", "serve: any of its options; a flag wins over it, and it wins over the --config file."),
        ("NO_COLOR", "When it is set and not empty, nothing is coloured. Nothing is either where the output is no terminal."),
        ("NOTIFY_SOCKET, WATCHDOG_USEC, CREDENTIALS_DIRECTORY", "serve: set by systemd."),
    ]

    static let statuses: [(String, String)] = [
        ("0", "Done."), ("1", "Refused, or failed."), ("2", "The command was used wrongly."), ("3", "No member could be reached."),
        ("4", "The token is not valid (token verify, token explain)."),
    ]

    static let files: [(String, String)] = [
        ("/etc/credence/credence.yaml", "The options of the member that the service runs."),
        ("/etc/credence/passphrase", "The passphrase of its keystore, which only root may read."),
        ("/var/lib/credence", "Everything that a member keeps; credence.sock in it is for local operators."),
    ]
}
