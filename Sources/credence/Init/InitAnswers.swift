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
        data = DataDirectory.choose(answer("data", flags.data))
        if flags.noPassphrase || preseed["no-passphrase"] == true {
            keystore = .open
        } else if let file = answer("passphrase-file", flags.passphraseFile) {
            keystore = .passphraseFile(file)
        } else if let text = preseed["passphrase"]?.stringValue, !text.isEmpty {
            keystore = .passphrase(SecretBytes(Array(text.utf8)))
        }
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

    /// Files that another user's service cannot read are a member that does not start.
    func checkDataDirectory() throws(CommandFailure) {
        guard let owner = Terminal.owner(of: data), owner != Terminal.userID else { return }
        throw .refused("\(data) belongs to another user, who is to run the member: run this as that user (sudo -u credence credence init)")
    }

    /// A passphrase that was typed goes into a file of mode 0600 beside the configuration, before anything is encrypted by it.
    ///
    /// - Returns: the file; nil for no passphrase.
    func storePassphrase(beside config: String) throws(CommandFailure) -> String? {
        switch keystore {
        case nil, .open: return nil
        case .passphraseFile(let path): return path
        case .passphrase(let secret):
            let directory = config.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            let path = directory + "/passphrase"
            guard !PrivateFile.exists(path) else {
                throw .refused("\(path) is there already: say --passphrase-file \(path) to use it, or move it away")
            }
            do throws(FileError) {
                try PrivateFile.makeDirectory(directory)
                try PrivateFile.write(secret.withSpan { bytes in bytes.indices.map { bytes[$0] } }, to: path)
            } catch {
                throw .refused("the passphrase cannot be written: \(error)")
            }
            return path
        }
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
