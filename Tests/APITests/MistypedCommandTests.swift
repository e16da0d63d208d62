import Testing

@testable import credence

@Suite("Words that name no command")
struct MistypedCommandTests {
    @Test("what was meant is found", arguments: [
        ("clutser list", "credence cluster list"), ("cluster lst", "credence cluster list"), ("clustre lsit", "credence cluster list"),
        ("tokn create --subject a", "credence token create"), ("token creat", "credence token create"), ("toekn", "credence token"),
        ("list cluster", "credence cluster list"), ("token cluster", nil), ("key rotat", "credence key rotate"), ("serv", "credence serve"),
        ("conf get voters_max", "credence config get"), ("TOKEN list", nil), ("explain T", "credence token explain"),
        ("frobnicate", nil), ("token frobnicate", nil), ("\u{1B}[31m", nil),
    ] as [(String, String?)])
    func meant(line: String, first: String?) throws {
        let mistyped = try #require(MistypedCommand(line.split(separator: " ").map(String.init)))
        #expect(mistyped.candidates.first == first, "\(mistyped.candidates)")
        #expect(mistyped.candidates.count <= MistypedCommand.candidatesMax)
        #expect(!mistyped.message.contains("\u{1B}") && !mistyped.message.contains("\n"))
    }

    @Test("words that do name one are left to its own options", arguments: ["token", "token create", "token verify clutser", "", "--version", "help clutser"])
    func right(line: String) {
        #expect(MistypedCommand(line.split(separator: " ").map(String.init)) == nil)
    }

    @Test("a mistyped word is usage")
    func usage() async {
        #expect(await Invocation.run(["clutser", "list"]) == .usage)
        #expect(await Invocation.run(["token", "creat"]) == .usage)
    }

    @Test("distances", arguments: [("", "", 0), ("a", "", 1), ("list", "lsit", 1), ("clutser", "cluster", 1), ("abc", "xyz", 3), ("kitten", "sitting", 3)])
    func distances(first: String, second: String, distance: Int) {
        #expect(EditDistance.between(first, second) == distance && EditDistance.between(second, first) == distance)
        #expect(EditDistance.between(String(repeating: "x", count: EditDistance.lengthMax + 1), second) == .max)
    }
}
