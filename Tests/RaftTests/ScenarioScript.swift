/// A scenario file: comments, and blocks of commands with their expected output.
struct ScenarioScript {
    private struct Block {
        var lines: [String] = []
        var commands: [String] = []
    }

    private var blocks: [Block] = [Block()]

    /// Expected output is not kept: running produces the file anew, and the two texts are compared.
    init(_ text: String) {
        var isOutput = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line == "----" {
                isOutput = true
            } else if isOutput {
                guard line.isEmpty else { continue }
                blocks.append(Block())
                isOutput = false
            } else {
                blocks[blocks.count - 1].lines.append(line)
                if !line.isEmpty, !line.hasPrefix("#") { blocks[blocks.count - 1].commands.append(line) }
            }
        }
    }

    func run() throws -> String {
        let stage = ScenarioStage()
        var text: [String] = []
        for block in blocks where !block.commands.isEmpty {
            text += block.lines
            text.append("----")
            for command in block.commands { text += try stage.perform(command) }
            text.append("")
        }
        return text.joined(separator: "\n")
    }
}

struct ScenarioError: Error, CustomStringConvertible {
    let description: String
}
