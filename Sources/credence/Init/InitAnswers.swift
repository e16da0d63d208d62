import Crypto
import EventLoop
import JOSE

/// What somebody who sets up a member must say, from options, a file of answers, and a person, in this order.
struct InitAnswers {
    enum Keystore {
        case passphraseFile(String)
        case passphrase(SecretBytes)
        case open
    }

    var join: String?
    var address: String?
    var listen: String?
    var name: String?
    var data: String
    var keystore: Keystore?
    /// False while nobody has said whether to found or to join.
    private var isJoinDecided: Bool

    private static let names: Set = ["join", "address", "listen", "name", "data", "passphrase", "passphrase-file", "no-passphrase"]
    static let port: UInt16 = 8443

    init(_ flags: Init) throws(CommandFailure) {
        let preseed = try Self.preseed(flags.preseed)
        func answer(_ name: String, _ flag: String?) -> String? { flag ?? preseed[name]?.stringValue }
        join = try answer("join", flags.join).map { (text) throws(CommandFailure) in try TokenArgument.read(text) }
        isJoinDecided = join != nil || flags.preseed != nil
        address = answer("address", flags.address)
        listen = answer("listen", flags.listen)
        name = answer("name", flags.name)
        data = FilePaths.absolute(DataDirectory.choose(answer("data", flags.data)))
        let said = try Self.keystore(flags)
        let answered = try Self.keystore(preseed)
        keystore = said ?? answered
    }

    /// An option beats the file of answers; of two that contradict each other, none.
    private static func keystore(_ flags: Init) throws(CommandFailure) -> Keystore? {
        switch (flags.passphraseFile, flags.noPassphrase) {
        case (nil, false): return nil
        case (nil, true): return .open
        case (let file?, false): return .passphraseFile(file)
        case (_?, true): throw .usage("--passphrase-file and --no-passphrase contradict each other")
        }
    }

    private static func keystore(_ preseed: JSONObject) throws(CommandFailure) -> Keystore? {
        var found: [Keystore] = []
        if preseed["no-passphrase"] == true { found.append(.open) }
        if let file = preseed["passphrase-file"]?.stringValue { found.append(.passphraseFile(file)) }
        if let text = preseed["passphrase"]?.stringValue, !text.isEmpty { found.append(.passphrase(SecretBytes(Array(text.utf8)))) }
        guard found.count <= 1 else { throw .usage("--preseed: of passphrase, passphrase-file and no-passphrase only one can be said") }
        return found.first
    }

    private static func preseed(_ path: String?) throws(CommandFailure) -> JSONObject {
        guard let path else { return JSONObject() }
        do {
            let text = path == "-"
                ? String(decoding: try Terminal.readInput(bytesMax: SettingsFile.bytesMax), as: UTF8.self)
                : String(decoding: try PrivateFile.read(path, bytesMax: SettingsFile.bytesMax), as: UTF8.self)
            let object = try SettingsFile.parse(text)
            for member in object.members where !names.contains(member.name) {
                throw CommandFailure.usage("--preseed: \"\(Table.printable(member.name))\" is no answer; there are \(names.sorted().joined(separator: ", "))")
            }
            return object
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .usage("--preseed \(path): \(error)")
        }
    }

    /// Where nobody can be asked.
    func complete() throws(CommandFailure) -> InitAnswers {
        guard keystore != nil else {
            throw .usage("say how the keys on this disk are kept: --passphrase-file FILE, or --no-passphrase")
        }
        return self
    }

    /// The three questions, those that are answered already left out.
    func asked() throws(CommandFailure) -> InitAnswers {
        var answers = self
        if !isJoinDecided {
            Terminal.error("To join a cluster, paste the token of `credence cluster add`; to found one, press Enter.")
            let token = Terminal.readSecret(prompt: "Join token: ").map { String(decoding: $0.withSpan { bytes in bytes.indices.map { bytes[$0] } }, as: UTF8.self) }
            answers.join = token.flatMap { $0.isEmpty ? nil : $0 }
        }
        if answers.address == nil {
            let proposal = "\(Terminal.hostName):\(Self.port)"
            let text = Terminal.readAnswer(prompt: "Address under which other machines reach this one [\(proposal)]: ")
            answers.address = text.isEmpty ? proposal : text
        }
        if answers.keystore == nil { answers.keystore = try Self.askKeystore() }
        return answers
    }

    private static func askKeystore() throws(CommandFailure) -> Keystore {
        Terminal.error("A passphrase encrypts the keys on this disk, and is read from a file at every start. Without one, only the file's permissions keep them.")
        guard let first = Terminal.readSecret(prompt: "Passphrase (empty for none): "), first.count > 0 else { return .open }
        let second = Terminal.readSecret(prompt: "The same again: ")
        guard let second, second == first else { throw .usage("the two passphrases differ; nothing was done") }
        return .passphrase(first)
    }

    // MARK: - What follows from them

    /// The file that the passphrase is read from at every start; nil for none.
    func passphraseFile(beside config: String) -> String? {
        switch keystore {
        case nil, .open: nil
        case .passphraseFile(let path): FilePaths.absolute(path)
        case .passphrase: FilePaths.directory(of: config) + "/passphrase"
        }
    }

    /// A passphrase that was typed goes into a file of mode 0600 beside the configuration, before anything is encrypted by it.
    /// One that is there already, of a try that failed, must hold the same.
    ///
    /// - Returns: whether it was made now.
    func storePassphrase(at path: String?) throws(CommandFailure) -> Bool {
        guard case .passphrase(let secret) = keystore, let path else { return false }
        if PrivateFile.exists(path) {
            guard try Passphrase.read(path) == secret else {
                throw .refused("\(path) holds another passphrase: say --passphrase-file \(path) to use it, or move it away")
            }
            return false
        }
        do throws(FileError) {
            try PrivateFile.makeDirectory(FilePaths.directory(of: path))
            try PrivateFile.write(secret.withSpan { bytes in bytes.indices.map { bytes[$0] } }, to: path)
        } catch {
            throw .refused("the passphrase cannot be written: \(error)")
        }
        return true
    }

    /// For `serve`, and for its configuration.
    func options(passphraseFile: String?) -> [(name: String, value: String)] {
        let address = address ?? "\(Terminal.hostName):\(Self.port)"
        var options = [("data", data), ("advertise", address)]
        options.append(("listen", listen ?? "[::]:\(address.split(separator: ":").last.map(String.init) ?? String(Self.port))"))
        if let name { options.append(("name", name)) }
        if let passphraseFile {
            options.append(("keystore-passphrase-file", passphraseFile))
        } else {
            options.append(("encrypt-keystore", "false"))
        }
        return options.map { (name: $0.0, value: $0.1) }
    }
}

/// Paths as they were given, made to hold wherever they are read.
enum FilePaths {
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : Terminal.workingDirectory + "/" + path
    }

    /// Of an absolute path, without a slash at its end.
    static func directory(of path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}
