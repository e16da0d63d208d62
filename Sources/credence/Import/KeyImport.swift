import ArgumentParser
import Crypto
import JOSE

extension KeyCommand {
    struct Import: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Take over another program's key, so that the tokens it made are accepted on every member.",
            discussion: """
                forest  keystore.json, or the encrypted file keystore, or the folder of one of them
                lotus   the file \(NodeKeystore.lotusFileName) of a node's keystore, its folder, or what lotus-shed printed

                A keystore is opened here; of all that it holds, only the secret that signs tokens is sent.
                """)

        @Option(help: "\(Kind.namesText).") var kind: Kind
        @Option(help: "forest and lotus: which node it is, for people.") var name: String?
        @Option(help: "File with the passphrase of an encrypted Forest keystore. Default: $\(ForestPassphrase.variable), or a prompt.")
        var passphraseFile: String?
        @Argument(help: "The file or folder, or - for standard input.") var path: String
        @OptionGroup var connection: ConnectionOptions

        enum Kind: String, ExpressibleByArgument, CaseIterable {
            case forest, lotus

            static var namesText: String { allCases.map(\.rawValue).joined(separator: ", ") }
        }

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            connection.format.show(try await remote.post("/1.0/keys/import", try body()))
        }

        func body() throws(CommandFailure) -> JSONObject {
            var body: JSONObject = ["kind": .string(kind.rawValue)]
            body["name"] = name.map(JSON.string)
            let secret = try secret()
            body["private_key"] = secret.withSpan { span in .string(Base64.encode(span.indices.map { span[$0] })) }
            return body
        }

        private func secret() throws(CommandFailure) -> SecretBytes {
            let source: ImportSource
            switch kind {
            case .forest: source = try ImportSource(path, inFolder: ["keystore.json", "keystore"])
            case .lotus:
                source = try ImportSource(path, inFolder: [NodeKeystore.lotusFileName, "keystore/\(NodeKeystore.lotusFileName)"])
            }
            do throws(NodeKeystore.Failure) {
                switch kind {
                case .lotus: return try NodeKeystore.lotus(source.bytes)
                case .forest where !NodeKeystore.isEncryptedForest(source.bytes): return try NodeKeystore.forest(source.bytes)
                case .forest: break
                }
            } catch {
                throw .refused("\(source.name): \(error)")
            }
            return try open(source)
        }

        private func open(_ source: ImportSource) throws(CommandFailure) -> SecretBytes {
            let passphrase = try ForestPassphrase.find(file: passphraseFile)
            do throws(NodeKeystore.Failure) {
                return try NodeKeystore.encryptedForest(source.bytes, passphrase: passphrase)
            } catch {
                throw .refused("\(source.name): \(error)")
            }
        }
    }
}

/// Where the passphrase of a Forest keystore comes from. It stays in this process.
enum ForestPassphrase {
    /// The one that Forest itself reads.
    static let variable = "FOREST_KEYSTORE_PHRASE"

    static func find(file: String?) throws(CommandFailure) -> SecretBytes {
        if let file { return try Passphrase.read(file) }
        if let text = Terminal.environment(variable) { return SecretBytes(Array(text.utf8)) }
        guard Terminal.isInteractive, let secret = Terminal.readSecret(prompt: "Passphrase of the Forest keystore: ") else {
            throw .usage("the keystore is encrypted: give --passphrase-file FILE, or set \(variable)")
        }
        return secret
    }
}
