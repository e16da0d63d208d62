import Foundation

struct ChaosError: Error, CustomStringConvertible {
    let description: String
}

/// Other people's programs, run to their end.
enum Shell {
    @discardableResult
    static func run(_ arguments: [String], checked: Bool = true) throws -> String {
        let process = Process(), output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 || !checked else {
            throw ChaosError(description: "\(arguments.joined(separator: " ")): \(text)")
        }
        return text
    }

    @discardableResult
    static func run(_ line: String, checked: Bool = true) throws -> String {
        try run(line.split(separator: " ").map(String.init), checked: checked)
    }
}
