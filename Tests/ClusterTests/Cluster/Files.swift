import FoundationEssentials

/// Files as a test reads them: whole, as bytes.
enum Files {
    /// Debian's library for other times.
    static let fakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

    static func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(filePath: path)))
    }

    static func text(_ path: String) -> String {
        (try? String(decoding: bytes(path), as: UTF8.self)) ?? ""
    }

    static func tail(_ path: String, lines: Int = 20) -> String {
        text(path).split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    static func replace(_ path: String, byCopyOf source: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: source, toPath: path)
    }

    static func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
    }

    static func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Every regular file below a folder, by its path.
    static func all(below directory: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }.filter {
            (try? FileManager.default.attributesOfItem(atPath: $0)[.type] as? FileAttributeType) == .typeRegular
        }
    }

    /// As `chmod` writes them: "600".
    static func permissions(_ path: String) async throws -> String {
        try await Command.run("stat", ["--format", "%a", path]).line
    }
}
