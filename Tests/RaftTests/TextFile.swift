import Glibc

/// Whole small text files, without Foundation.
enum TextFile {
    static func read(_ path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    static func write(_ text: String, to path: String) -> Bool {
        guard let file = unsafe fopen(path, "w") else { return false }
        defer { unsafe fclose(file) }
        let bytes = Array(text.utf8)
        return unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count
    }

    static func isSet(_ variable: String) -> Bool { unsafe getenv(variable) != nil }
}
