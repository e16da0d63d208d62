import FoundationEssentials
import JOSE
import Testing

@testable import TrustStore
@testable import credence

@Suite("The reference and the manual pages")
struct ReferenceTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/reference").standardized

    /// Set `CREDENCE_WRITE_REFERENCE=1` to write the files anew after a change of commands or settings.
    @Test("docs/reference says what the program says, to the letter", arguments: ["commands.md", "settings.md"])
    func filesAgree(name: String) throws {
        let expected = name == "commands.md" ? CommandReference.text : SettingReference.text
        let file = Self.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["CREDENCE_WRITE_REFERENCE"] != nil {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try Data(expected.utf8).write(to: file)
        }
        let found = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(found == expected, "run this test with CREDENCE_WRITE_REFERENCE=1 and read the difference")
    }

    @Test("every command has a meaning, every option of it too, and all are in the reference and in a manual page")
    func complete() {
        let pages = Dictionary(uniqueKeysWithValues: ManualPage.all.map { ($0.name, $0.text) })
        for noun in CommandDescription.root.subcommands {
            let page = pages["credence-\(noun.name)"] ?? ""
            for verb in noun.verbs {
                #expect(!verb.abstract.isEmpty && CommandReference.text.contains("    \(verb.line)"), "\(verb.line)")
                for argument in verb.ownArguments {
                    #expect(!argument.abstract.isEmpty, "\(verb.line) \(argument.name)")
                    #expect(page.contains(Roff.escaped(argument.abstract)) || page.contains(Roff.escaped(argument.text)), "\(verb.line) \(argument.name)")
                }
            }
        }
        #expect(CommandReference.text.contains("credence token verify [--scope SCOPE] [--audience AUDIENCE] TOKEN\n"))
        #expect(pages.count == CommandDescription.root.subcommands.count + 1)
        #expect(!CommandReference.text.contains("credence manual"), "it is for packages")
    }

    @Test("a text cannot begin a request of roff, nor end an argument of one")
    func roff() {
        var page = Roff(name: "x", abstract: "A \"thing\".")
        page.paragraph(".so /etc/passwd")
        page.paragraph("'br")
        page.item("--a \"b\" \\c", "d\u{2014}")
        #expect(page.text.contains("\n\\&.so /etc/passwd\n") && page.text.contains("\n\\(aqbr\n"))
        #expect(page.text.contains("\n.B \"\\-\\-a \\(dqb\\(dq \\ec\"\n") && page.text.contains("\nd\\[u2014]\n"))
    }

    @Test("a setting takes the ends of its bounds, and nothing beyond them", arguments: ClusterSetting.allCases)
    func bounds(setting: ClusterSetting) throws {
        let settings = ClusterSettings()
        let (good, bad): ([Int64], [Int64]) =
            switch setting.bounds {
            case .range(let range): ([range.lowerBound, range.upperBound], [range.lowerBound - 1, range.upperBound + 1])
            case .zeroOr(let range): ([0, range.lowerBound, range.upperBound], [-1, 1, range.lowerBound - 1, range.upperBound + 1])
            case .upTo(let other): ([1, settings[other].integerValue ?? 0], [0, (settings[other].integerValue ?? 0) + 1])
            case .oneOf(let values): (values, [0, 2, (values.last ?? 0) + 1])
            case .words: ([], [0])
            }
        for number in good { try setting.bounds.check(.integer(number), "x", in: settings) }
        for number in bad { #expect(throws: CommandRefusal.self, "\(number)") { try setting.bounds.check(.integer(number), "x", in: settings) } }
        #expect(throws: CommandRefusal.self) { try setting.bounds.check("perhaps", "x", in: settings) }
        try setting.bounds.check(settings[setting], "x", in: settings)
    }
}
