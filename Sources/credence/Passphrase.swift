import Crypto
import EventLoop

/// Where the passphrase of the keystore comes from: file, environment, systemd, a person.
enum Passphrase {
    static let variable = "CREDENCE_KEYSTORE_PASSPHRASE"
    static let credentialName = "credence.passphrase"
    static let bytesMax = 64 * 1024

    /// Nil when there is none to be had; whether one is needed is for the member to say.
    static func find(file: String?) throws(CommandFailure) -> SecretBytes? {
        if let file { return try read(file) }
        if let text = Terminal.environment(variable) { return SecretBytes(Array(text.utf8)) }
        if let directory = Terminal.environment("CREDENTIALS_DIRECTORY") {
            let path = "\(directory)/\(credentialName)"
            if PrivateFile.exists(path) { return try read(path) }
        }
        guard Terminal.isInteractive else { return nil }
        guard let secret = Terminal.readSecret(prompt: "Passphrase of the keystore: "), secret.count > 0 else {
            throw .usage("the passphrase must not be empty")
        }
        return secret
    }

    /// One line end at the end of the file belongs to the editor, not to the passphrase.
    static func read(_ path: String) throws(CommandFailure) -> SecretBytes {
        var bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(path, bytesMax: bytesMax)
        } catch {
            throw .usage("the passphrase cannot be read: \(error)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .usage("the passphrase file \(path) is empty") }
        return SecretBytes(bytes)
    }
}
