import EventLoop
import JOSE

/// The configuration of `serve`, as `init` writes it: what stands there stays, and what is missing is added at its end.
struct ConfigurationFile {
    let path: String

    /// The whole text with these options in it.
    func adding(_ options: [(name: String, value: String)]) throws(CommandFailure) -> String {
        guard PrivateFile.exists(path) else { return Self.head + lines(options) }
        let text: String
        do throws(FileError) {
            text = String(decoding: try PrivateFile.read(path, bytesMax: SettingsFile.bytesMax), as: UTF8.self)
        } catch {
            throw .refused("\(path) cannot be read: \(error)")
        }
        let present = try SettingsFile.read(path)
        var missing: [(name: String, value: String)] = []
        for option in options {
            guard let value = present[option.name] else {
                missing.append(option)
                continue
            }
            guard Self.text(of: value) == option.value else {
                throw .refused("\(path) says another \(option.name) already; change it there, or give --config another file")
            }
        }
        guard !missing.isEmpty else { return text }
        return text + (text.hasSuffix("\n") ? "\n" : "\n\n") + lines(missing)
    }

    func write(_ text: String) throws(CommandFailure) {
        let directory = FilePaths.directory(of: path)
        do throws(FileError) {
            if !directory.isEmpty { try PrivateFile.makeDirectory(directory) }
            try PrivateFile.write(Array(text.utf8), to: path, mode: 0o644)
        } catch {
            throw .refused("\(path) cannot be written: \(error); the member is set up all the same, and starts with the options given here")
        }
    }

    private static let head = "# The options of this member: what `credence serve --config` reads; credence-serve(1) explains them.\n"

    /// A list of one is what it holds, and a truth value is its word.
    private static func text(of value: JSON) -> String? {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .array(let elements): elements.count == 1 ? text(of: elements[0]) : nil
        default: nil
        }
    }

    private func lines(_ options: [(name: String, value: String)]) -> String {
        options.map { "\($0.name): \(Self.scalar($0.value))\n" }.joined()
    }

    /// JSON's strings are YAML's too.
    private static func scalar(_ text: String) -> String {
        text == "true" || text == "false" ? text : JSON.string(text).encodedString
    }
}
