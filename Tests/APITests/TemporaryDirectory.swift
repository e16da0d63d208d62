import FoundationEssentials

enum TemporaryDirectory {
    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
