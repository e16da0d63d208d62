import ArgumentParser

/// For packages, not for people: they call man(1).
struct ManualCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print a manual page, or with --list the names of all of them.", shouldDisplay: false)

    @Argument(help: "Its name: credence, credence-token and so on.") var name = "credence"
    @Flag(help: "The names of the pages, one a line.") var list = false

    func perform() async throws(CommandFailure) {
        let pages = ManualPage.all
        if list { return Terminal.out(pages.map(\.name).joined(separator: "\n")) }
        guard let page = pages.first(where: { $0.name == name }) else {
            throw .usage("there is no page \(name); there are \(pages.map(\.name).joined(separator: ", "))")
        }
        Terminal.write(page.text, to: 1)
    }
}
