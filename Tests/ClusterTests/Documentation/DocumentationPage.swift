import FoundationEssentials

/// A page of `docs`, or the README: its boxes of code, its links and its headings.
struct DocumentationPage {
    /// A box whose first line says more than its language: `sh run MACHINE` with `exit=N` where that is the right end of it and
    /// `needs=MODULE` where Python has to have that, or `LANGUAGE file=NAME` for a file that later boxes use.
    struct Box {
        let line: Int
        let words: [String]
        let text: String

        func value(_ name: String) -> String? { words.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) } }
        /// Nil for a box that is not run.
        var machine: String? { words.starts(with: ["sh", "run"]) && words.count > 2 ? words[2] : nil }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized.path

    /// From the root of the tree.
    let path: String
    let lines: [String]

    init(_ path: String) throws {
        self.init(path: path, text: String(decoding: try Files.bytes("\(Self.root)/\(path)"), as: UTF8.self))
    }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    static let all: [String] =
        ["README.md"]
        + ((try? Files.all(below: "\(root)/docs")) ?? []).filter { $0.hasSuffix(".md") }.map { "docs" + $0.dropFirst("\(root)/docs".count) }.sorted()

    /// The quickstart, then the operating guide in the order of its own list, then what others ask.
    static var executable: [DocumentationPage] {
        get throws {
            let guide = try DocumentationPage("docs/operating/README.md")
            let listed = guide.links.map(\.target).filter { !$0.hasPrefix("../") && $0.hasSuffix(".md") }
            var pages = ["docs/quickstart.md"]
            for page in listed.map({ "docs/operating/\($0)" }) + ["docs/integrations.md"] where !pages.contains(page) { pages.append(page) }
            return try pages.map { try DocumentationPage($0) }
        }
    }

    var boxes: [Box] {
        var boxes: [Box] = []
        var begun: (line: Int, words: [String])?
        var text: [String] = []
        for (number, line) in lines.enumerated() {
            if let box = begun {
                if line == "```" {
                    boxes.append(Box(line: box.line, words: box.words, text: text.joined(separator: "\n")))
                    begun = nil
                } else {
                    text.append(line)
                }
            } else if line.hasPrefix("```") {
                begun = (number + 1, line.dropFirst(3).split(separator: " ").map(String.init))
                text = []
            }
        }
        return boxes
    }

    /// What is in `[...](target)`, outside of code.
    var links: [(line: Int, target: String)] {
        var links: [(line: Int, target: String)] = []
        for (number, line) in prose {
            for part in line.split(separator: "](", omittingEmptySubsequences: false).dropFirst() {
                guard let end = part.firstIndex(of: ")") else { continue }
                links.append((number + 1, String(part[..<end])))
            }
        }
        return links
    }

    /// As GitHub names them in addresses.
    var anchors: Set<String> {
        Set(
            prose.filter { $0.line.hasPrefix("#") }.map {
                $0.line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }.replacing(" ", with: "-")
            })
    }

    private var prose: [(number: Int, line: String)] {
        var isCode = false
        return lines.enumerated().filter { _, line in
            if line.hasPrefix("```") { isCode.toggle() }
            return !isCode && !line.hasPrefix("    ")
        }.map { ($0.offset, $0.element) }
    }
}
