import ArgumentParser
import FoundationEssentials
import JOSE
import Testing

@testable import credence

@Suite("The file of options")
struct SettingsFileTests {
    @Test("lines of YAML, and JSON")
    func parses() throws {
        let text = """
            # a comment
            listen: "[::]:8443"   # behind a value
            name: m1

            advertise: [10.0.0.1:8443, "b#c:1",'d''e']
            request-loops: 3
            encrypt-keystore: false
            data: /var/lib/credence#not-a-comment
            log-level: "a \\"quote\\" # inside"
            join: ~
            """
        #expect(try SettingsFile.parse(text) == [
            "listen": "[::]:8443", "name": "m1", "advertise": ["10.0.0.1:8443", "b#c:1", "d'e"], "request-loops": "3", "encrypt-keystore": false,
            "data": "/var/lib/credence#not-a-comment", "log-level": "a \"quote\" # inside", "join": .null,
        ])
        #expect(try SettingsFile.parse(" \n {\"name\": \"m1\"}") == ["name": "m1"])
        #expect(try SettingsFile.parse("").isEmpty && SettingsFile.parse("a:").names == ["a"] && SettingsFile.parse("a: []\r\n") == ["a": .array([])])
    }

    @Test("what YAML would read another way is refused with its line", arguments: [
        "a: [::]:8443", "  a: b", "\ta: b", "a b", ": b", "a:b", "a: b: c", "a: &x b", "a: *x", "a: !!str b", "a: |", "a: > ", "a: {b: c}", "a: [b", "a: [b c: d]", "a: [[b]]", "a: [b, , c]",
        "a: \"b", "a: 'b", "a: \"b\" c", "a: [b] c", "a: @b", "a: %b", "a: `b`", "a: - b", "- a", "---", "a: \"\\q\"", "a: b:", "é: b", "a: b\n  c", "a: ]",
    ])
    func refuses(text: String) throws {
        let error = #expect(throws: SettingsFile.Failure.self, "\(text)") { try SettingsFile.parse("# first\n" + text) }
        #expect(try #require(error).line == (text.contains("\n") ? 3 : 2))
    }

    @Test("a name twice is refused, in both forms")
    func twice() {
        #expect(throws: SettingsFile.Failure(line: 2, problem: "\"a\" is given twice")) { try SettingsFile.parse("a: b\na: c") }
        #expect(throws: (any Error).self) { try SettingsFile.parse(#"{"a":"b","a":"c"}"#) }
    }

    @Test("flag, environment and file, in this order")
    func order() throws {
        let path = "/tmp/credence-config-\(UInt64.random(in: 0 ... .max)).yaml"
        defer { TemporaryDirectory.remove(path) }
        try Data("log-level: debug\nlog-keep: 5\n".utf8).write(to: URL(filePath: path))
        let sources = try OptionSources(file: path) { ["CREDENCE_LOG_LEVEL": "error", "CREDENCE_SCRUB_EVERY": "9"][$0] }
        #expect(try sources.value("log-level", "trace") == "trace" && sources.value("log-level", nil) == "error")
        #expect(try sources.value("log-keep", nil) == "5" && sources.value("scrub-every", nil) == "9" && sources.value("name", nil) == nil)
    }

    @Test("the file that packages install parses, and so does each option that it only mentions; all options are in it")
    func shipped() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../cluster/systemd/credence.yaml").standardized.path
        let text = try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        #expect(try SettingsFile.parse(text) == ["data": "/var/lib/credence"])
        // `# name: value`, without a capital at its start, is an option that is switched off.
        let mentioned = text.split(separator: "\n").filter { $0.hasPrefix("# ") && $0.dropFirst(2).prefix { $0.isLowercase || $0 == "-" }.count > 2 }
            .map { $0.dropFirst(2) }.filter { $0.drop { $0.isLowercase || $0 == "-" }.first == ":" }
        let whole = try SettingsFile.parse((mentioned + ["data: /var/lib/credence"]).joined(separator: "\n"))
        #expect(Set(whole.names) == Set(OptionSources.names))
        let everything = "/tmp/credence-config-\(UInt64.random(in: 0 ... .max)).yaml"
        defer { TemporaryDirectory.remove(everything) }
        try Data((mentioned + ["data: /var/lib/credence"]).joined(separator: "\n").utf8).write(to: URL(filePath: everything))
        let serve = try #require(try Credence.parseAsRoot(["serve", "--config", everything]) as? Serve)
        let settings = try ServeSettings(serve)
        #expect(settings.listen == "[::]:8443" && settings.encryptsKeystore && settings.logKeptEntries == 16_384)
    }

    @Test("every option of the file is one of serve's, and every option of serve that describes the member is in the file")
    func namesAgree() throws {
        let serve = try #require(CommandDescription.root.subcommands.first { $0.name == "serve" })
        let once: Set = ["join", "save-token", "exit-after-init", "config"]
        #expect(Set(serve.ownArguments.map(\.name)).subtracting(once) == Set(OptionSources.names))
    }
}
