import Glibc

/// The public vectors, which a user's clone does not have.
enum WycheproofFile {
    static let folder: String? = {
        if let given = unsafe getenv("CREDENCE_VECTORS") { return unsafe String(cString: given) + "/wycheproof" }
        let repository = #filePath.split(separator: "/").dropLast(3)
        let folder = "/" + repository.dropLast().joined(separator: "/") + "/shared/vectors/wycheproof"
        return unsafe access(folder, R_OK) == 0 ? folder : nil
    }()

    static func read(_ name: String) -> [UInt8]? {
        guard let folder, let file = unsafe fopen("\(folder)/\(name)", "r") else { return nil }
        defer { unsafe fclose(file) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = unsafe fread(&piece, 1, piece.count, file), count > 0 {
            content += piece[..<count]
        }
        return content
    }
}
