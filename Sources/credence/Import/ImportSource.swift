import Crypto
import EventLoop

/// Where `key import` finds the key that it was pointed at: a file, a node's folder, or standard input.
struct ImportSource {
    static let bytesMax = 1 << 20

    /// For messages.
    let name: String
    let bytes: [UInt8]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// - Parameter names: files that a node's folder may have the key in, by their paths below it.
    init(_ path: String, inFolder names: [String]) throws(CommandFailure) {
        if path == "-" {
            self.init(name: "standard input", bytes: try Terminal.readInput(bytesMax: Self.bytesMax))
            return
        }
        let found = names.map { "\(path)/\($0)" }.filter(PrivateFile.exists)
        guard found.count <= 1 else {
            throw .usage("there are \(found.joined(separator: " and ")); name the one that the node uses")
        }
        let file = found.first ?? path
        do throws(FileError) {
            self.init(name: file, bytes: try PrivateFile.read(file, bytesMax: Self.bytesMax))
        } catch {
            if case .notAFile = error, !names.isEmpty {
                throw .usage("\(file) is a folder without \(names.joined(separator: " or "))")
            }
            throw .usage("\(error)")
        }
    }
}
