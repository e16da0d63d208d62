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
                jwk     a private or symmetric key as a JSON Web Key; it keeps its kid
                pem     a private key, not encrypted

                Key pairs become signing keys of the cluster, as `key rotate` makes them. A keystore is opened here; of all that it holds, only the secret that signs tokens is sent.
                """)

        @Option(help: "\(Kind.namesText).") var kind: Kind
        @Option(help: "forest and lotus: which node it is, for people.") var name: String?
        @Option(help: "File with the passphrase of an encrypted Forest keystore. Default: $\(ForestPassphrase.variable), or a prompt.")
        var passphraseFile: String?
        @Option(help: "jwk and pem: what it signs with, where the key does not say. An RSA key must.") var algorithm: String?
        @Option(help: "pem: the kid that its tokens carry. Default: the RFC 7638 thumbprint.") var kid: String?
        @Option(help: "jwk and pem: seconds, or with a unit, before which it must not sign.") var activateIn: String?
        @Argument(help: "The file or folder, or - for standard input.") var path: String
        @OptionGroup var connection: ConnectionOptions

        enum Kind: String, ExpressibleByArgument, CaseIterable {
            case forest, lotus, jwk, pem

            static var namesText: String { allCases.map(\.rawValue).joined(separator: ", ") }
        }

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            connection.format.show(try await remote.post("/1.0/keys/import", try body()))
        }

        func body() throws(CommandFailure) -> JSONObject {
            var body: JSONObject = ["kind": .string(kind.rawValue)]
            body["name"] = name.map(JSON.string)
            body["algorithm"] = algorithm.map(JSON.string)
            body["kid"] = kid.map(JSON.string)
            if let activateIn { body["activate_in"] = .integer(try Lifetime.seconds(activateIn, option: "--activate-in")) }
            switch kind {
            case .forest: body["private_key"] = Self.base64(try forestSecret())
            case .lotus: body["private_key"] = Self.base64(try lotusSecret())
            case .jwk: body["jwk"] = try jwk()
            case .pem: body["pem"] = .string(String(decoding: try ImportSource(path, inFolder: []).bytes, as: UTF8.self))
            }
            return body
        }

        private static func base64(_ secret: SecretBytes) -> JSON {
            secret.withSpan { span in .string(Base64.encode(span.indices.map { span[$0] })) }
        }

        private func jwk() throws(CommandFailure) -> JSON {
            let source = try ImportSource(path, inFolder: [])
            guard let jwk = try? JSON(parsing: source.bytes), case .object = jwk else {
                throw .refused("\(source.name): it is no JSON Web Key: a JSON object is wanted")
            }
            return jwk
        }

        private func lotusSecret() throws(CommandFailure) -> SecretBytes {
            let source = try ImportSource(path, inFolder: [NodeKeystore.lotusFileName, "keystore/\(NodeKeystore.lotusFileName)"])
            do throws(NodeKeystore.Failure) {
                return try NodeKeystore.lotus(source.bytes)
            } catch {
                throw .refused("\(source.name): \(error)")
            }
        }

        private func forestSecret() throws(CommandFailure) -> SecretBytes {
            let source = try ImportSource(path, inFolder: ["keystore.json", "keystore"])
            guard !NodeKeystore.isEncryptedForest(source.bytes) else { return try open(source) }
            do throws(NodeKeystore.Failure) {
                return try NodeKeystore.forest(source.bytes)
            } catch {
                throw .refused("\(source.name): \(error)")
            }
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
