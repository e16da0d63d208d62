import FoundationEssentials
import Testing

/// A Wycheproof file. The folder is `CREDENCE_VECTORS`, or `vectors` in the `shared` folder beside the repository; a clone
/// without it skips these tests and says so.
struct VectorFile: Decodable {
    struct Group: Decodable {
        struct Key: Decodable {
            let uncompressed: String?
            let pk: String?
        }

        let publicKey: Key?
        let publicKeyDer: String?
        let tagSize: Int?
        let tests: [Case]
    }

    struct Case: Decodable {
        let tcId: Int
        let comment: String
        let key: String?
        let msg: String
        let sig: String?
        let tag: String?
        let result: String
    }

    let numberOfTests: Int
    let testGroups: [Group]

    static var folder: String {
        if let named = ProcessInfo.processInfo.environment["CREDENCE_VECTORS"] { return named }
        // Tests/CryptoTests/VectorFile.swift, three levels below the repository.
        var components = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        components.append(contentsOf: ["shared", "vectors"])
        return components.joined(separator: "/")
    }

    static func read(_ name: String) throws -> VectorFile? {
        let candidates = ["\(folder)/wycheproof/\(name)", "\(folder)/\(name)"]
        guard let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            print("SKIPPED: no test vectors \(name) in \(folder); set CREDENCE_VECTORS to the folder that has them")
            // A folder that was named on purpose must have them.
            #expect(ProcessInfo.processInfo.environment["CREDENCE_VECTORS"] == nil, "no \(name) in \(folder)")
            return nil
        }
        return try JSONDecoder().decode(VectorFile.self, from: Data(contentsOf: URL(filePath: path)))
    }
}
