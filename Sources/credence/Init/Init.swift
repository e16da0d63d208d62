import ArgumentParser
import Crypto
import EventLoop
import JOSE

/// The first minutes of a member: asks what cannot be guessed, founds or joins, and writes the configuration that
/// `serve` reads from then on.
struct Init: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Set up a member on this machine: found a cluster or join one, and write its configuration.",
        discussion: """
            On a terminal it asks three questions, whatever is not answered by an option already. Elsewhere the options, or a file of \\
            answers (--preseed), must say everything. Nothing that fails half-way stands in the way of the next try.
            """)

    @Option(help: "A join token, as `credence cluster add` prints it; - reads it from standard input. Without one a cluster is founded.")
    var join: String?
    @Option(help: "HOST:PORT under which others reach this member. Default: the host name, and port 8443.") var address: String?
    @Option(help: "HOST:PORT to listen on. Default: all addresses of this machine, and the port of --address.") var listen: String?
    @Option(help: "The member's name when it founds a cluster. Default: the host name.") var name: String?
    @Option(help: "Where the member keeps everything.", completion: .directory) var data: String?
    @Option(help: "A file that holds the passphrase for the keys on this disk; it is read at every start.", completion: .file())
    var passphraseFile: String?
    @Flag(help: "Keep the keys on this disk without a passphrase, readable by this user only.") var noPassphrase = false
    @Option(help: "The configuration to write. Default: /etc/credence/credence.yaml for root, else $XDG_CONFIG_HOME/credence/credence.yaml.", completion: .file())
    var config: String?
    @Option(help: "A file of answers: the names of these options, NAME: VALUE a line (passphrase too); - reads standard input.", completion: .file())
    var preseed: String?
    @Option(help: "Where to write the first admin token (mode 0600) instead of printing it.", completion: .file()) var saveToken: String?

    func perform() async throws(CommandFailure) {
        let given = try InitAnswers(self)
        let answers = try Terminal.isInteractive ? given.asked() : given.complete()
        let config = ConfigurationFile(path: FilePaths.absolute(config ?? Self.standardConfig))
        try Offline.checkOwner(of: answers.data, "init")
        let passphraseFile = answers.passphraseFile(beside: config.path)
        let options = answers.options(passphraseFile: passphraseFile)
        // What the file says otherwise is found before anything is made.
        let text = try config.adding(written(options, config.path))
        let isPassphraseNew = try answers.storePassphrase(at: passphraseFile)
        do throws(CommandFailure) {
            try await serve(answers, options)
        } catch {
            // Of a member that never was. Where a keystore was made already, the next try opens it with the same.
            if isPassphraseNew, let passphraseFile, !PrivateFile.exists(answers.data + "/keystore.json") { try? PrivateFile.remove(passphraseFile) }
            throw error
        }
        try config.write(text)
        sayNext(answers, config.path)
    }

    static var standardConfig: String {
        if Terminal.userID == 0 { return systemConfig }
        let base = Terminal.environment("XDG_CONFIG_HOME") ?? (Terminal.environment("HOME") ?? "") + "/.config"
        return base + "/credence/credence.yaml"
    }

    /// Founds or joins, as `serve` does, and ends.
    private func serve(_ answers: InitAnswers, _ options: [(name: String, value: String)]) async throws(CommandFailure) {
        var arguments = ["--exit-after-init"] + options.flatMap { ["--\($0.name)", $0.value] }
        if let join = answers.join { arguments += ["--join", join] }
        if let saveToken { arguments += ["--save-token", saveToken] }
        let serve: Serve
        do {
            serve = try Serve.parse(arguments)
        } catch {
            throw .usage(Serve.message(for: error))
        }
        try await serve.perform()
    }

    /// The unit hands the passphrase to the service, whose user cannot read root's file.
    private func written(_ options: [(name: String, value: String)], _ config: String) -> [(name: String, value: String)] {
        guard Self.isUnitThere, config == Self.systemConfig else { return options }
        return options.filter { $0.name != "keystore-passphrase-file" || $0.value != Self.systemPassphrase }
    }

    private static let systemConfig = "/etc/credence/credence.yaml"
    private static let systemPassphrase = "/etc/credence/passphrase"

    private static var isUnitThere: Bool {
        ["/lib/systemd/system/credence.service", "/etc/systemd/system/credence.service"].contains { PrivateFile.exists($0) }
    }

    private func sayNext(_ answers: InitAnswers, _ config: String) {
        let start = Self.isUnitThere && config == Self.systemConfig ? "systemctl enable --now credence" : "credence serve --config \(config)"
        Terminal.error("\(config) is written. Start the member:")
        Terminal.error("    \(start)")
        guard answers.join == nil else { return }
        Terminal.error("For each further member, make a token here, and give it to `credence init` there:")
        Terminal.error("    credence cluster add NAME --data \(answers.data)")
    }
}
