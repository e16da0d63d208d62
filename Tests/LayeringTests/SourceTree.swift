import FoundationEssentials

/// The package's own files, read as text.
struct SourceTree: Sendable {
    let root: String

    /// Found from where this file was compiled.
    static let ofThisPackage = SourceTree(root: #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined())

    func targetFolders() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: "\(root)/Sources"))
    }

    func files(of target: String) throws -> [SourceFile] {
        let folder = "\(root)/Sources/\(target)"
        return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }.map {
            SourceFile(name: "\(target)/\($0)", text: try text("Sources/\(target)/\($0)"))
        }
    }

    /// The names between the brackets of `layer("TARGET", [...])`, or of the executable's `dependencies:`.
    func manifestDependencies(of target: String) throws -> Set<String> {
        let manifest = try text("Package.swift")
        for start in [#"layer("\#(target)", ["#, #"name: "\#(target)",\#n            dependencies: ["#] {
            guard let opening = manifest.firstRange(of: start), let closing = manifest[opening.upperBound...].firstIndex(of: "]")
            else { continue }
            let names = manifest[opening.upperBound..<closing].split(separator: ",")
            return Set(names.map { String($0.filter { $0.isLetter || $0.isNumber }) })
        }
        return []
    }

    private func text(_ path: String) throws -> String {
        try String(decoding: Data(contentsOf: URL(filePath: "\(root)/\(path)")), as: UTF8.self)
    }
}

struct SourceFile: Sendable {
    let name: String
    let lines: [Substring]
    let imports: Set<String>

    init(name: String, text: String) {
        self.name = name
        lines = text.split(separator: "\n")
        imports = Self.imports(in: text)
    }

    /// The modules that a file's import lines name, whatever attribute or access level stands before them.
    static func imports(in text: String) -> Set<String> {
        let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
        let modifiers: Set = ["public", "package", "internal", "fileprivate", "private", "@preconcurrency", "@testable", "@_exported"]
        var found: Set<String> = []
        for line in text.split(separator: "\n") {
            var words = line.split(whereSeparator: \.isWhitespace)[...]
            while let word = words.first, modifiers.contains(String(word)) { words.removeFirst() }
            guard words.popFirst() == "import" else { continue }
            if let word = words.first, kinds.contains(String(word)) { words.removeFirst() }
            if let module = words.first?.split(separator: ".").first { found.insert(String(module)) }
        }
        return found
    }
}
