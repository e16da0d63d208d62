/// Words that name no command, and the commands that may have been meant.
struct MistypedCommand: Equatable {
    /// The first that is not known, and what stands before it.
    let word: String
    let parent: String
    /// Whole commands, the likeliest first.
    let candidates: [String]

    static let candidatesMax = 3

    /// Nil when the words do lead to a command, or stop at a noun: then something else is wrong.
    init?(_ arguments: [String], root: CommandDescription = .root) {
        var rest = arguments[...]
        var parent = root
        while let word = rest.first, !word.hasPrefix("-") {
            rest.removeFirst()
            if word == "help", parent.path == root.path { return nil }
            if let next = parent.subcommands.first(where: { $0.name == word }) {
                parent = next
                if next.subcommands.isEmpty { return nil }
                continue
            }
            self.word = word
            self.parent = parent.line
            candidates = Self.candidates(for: word, followedBy: rest.first { !$0.hasPrefix("-") }, below: parent, root: root)
            return
        }
        return nil
    }

    private static func candidates(
        for word: String, followedBy next: String?, below parent: CommandDescription, root: CommandDescription
    ) -> [String] {
        var found: [(distance: Int, line: String)] = []
        for command in parent.subcommands {
            let distance = EditDistance.between(word, command.name)
            guard distance <= EditDistance.tolerated(word) || (word.count >= 2 && command.name.hasPrefix(word)) else { continue }
            // What follows a mistyped noun is its verb, if it has such a one; the words may also just stand the wrong way round.
            let verb = next.flatMap { next in
                command.subcommands.filter { EditDistance.between(next, $0.name) <= EditDistance.tolerated(next) }
                    .min { EditDistance.between(next, $0.name) < EditDistance.between(next, $1.name) }
            }
            found.append((distance, (verb ?? command).line))
        }
        if parent.path == root.path {
            for noun in root.subcommands {
                for verb in noun.subcommands where verb.name == word { found.append((next == noun.name ? -1 : 3, verb.line)) }
            }
        } else if let noun = root.subcommands.first(where: { $0.name == word }), noun.subcommands.contains(where: { $0.name == parent.name }) {
            found.append((0, "\(noun.line) \(parent.name)"))
        }
        var lines: [String] = []
        for (_, line) in found.sorted(by: { ($0.distance, $0.line) < ($1.distance, $1.line) }) where !lines.contains(line) { lines.append(line) }
        return Array(lines.prefix(candidatesMax))
    }

    var message: String {
        let what = "there is no command \"\(parent) \(Table.printable(word))\""
        guard let last = candidates.last else { return "\(what); `\(parent) --help` shows those there are" }
        let quoted = candidates.map { "`\($0)`" }
        return "\(what); did you mean " + (quoted.count == 1 ? "`\(last)`" : quoted.dropLast().joined(separator: ", ") + " or `\(last)`") + "?"
    }
}

/// How many letters must be added, left out, changed, or swapped with their neighbour (Damerau, restricted).
enum EditDistance {
    /// A word of three letters with two wrong ones is another word.
    static func tolerated(_ word: String) -> Int { word.count <= 3 ? 1 : word.count <= 8 ? 2 : 3 }

    /// Words are typed by hand; longer ones are not compared.
    static let lengthMax = 64

    static func between(_ first: String, _ second: String) -> Int {
        let a = Array(first.utf8), b = Array(second.utf8)
        guard a.count <= lengthMax, b.count <= lengthMax else { return .max }
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}
