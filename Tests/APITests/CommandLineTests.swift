import ArgumentParser
import Crypto
import EventLoop
import FoundationEssentials
import JOSE
import Logging
import Testing

@testable import credence

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "what cannot be parsed is usage",
        arguments: [
            ["nonsense"], ["token"], ["token", "create"], ["token", "list", "--format", "colour"], ["cluster", "add"], [], ["key"],
            ["token", "list", "--address", "nowhere"], ["token", "list", "--address", "https://127.0.0.1:1"],
            ["token", "list", "--address", "127.0.0.1:1", "--fingerprint", "abc"],
            ["token", "list", "--address", "127.0.0.1:1", "--ca", "/nonexistent"],
            ["token", "create", "--subject", "a", "--scope", "read", "--expires-in", "soon"],
            ["token", "create", "--subject", "a", "--scope", "read", "--claims", "{"],
            ["auth", "create-token", "--perm", "root"], ["auth", "create-token", "--perm", "Admin"], ["auth", "create-token"], ["auth"],
            ["auth", "create-token", "--perm", "read", "--exp", "soon"], ["key", "import", "--kind", "wallet", "/x"],
            ["key", "import", "--kind", "forest", "/nonexistent", "--address", "unix:/x"],
            ["serve", "--listen", "no address", "--data", "/nonexistent/x"],
            ["serve", "--listen", "127.0.0.1:0", "--data", "/nonexistent/x"],
            ["serve", "--encrypt-keystore", "perhaps"], ["serve", "--listen-loopback", "0.0.0.0:80"],
            ["serve", "--log-level", "loud"],
            ["serve", "--log-format", "xml"], ["serve", "--audit-keep", "forever"], ["audit", "list", "--limit", "100001"], ["audit", "list", "--since", "soon"], ["serve", "--request-loops", "0"], ["serve", "--request-loops", "257"], ["serve", "--config", "/nonexistent"],
            ["serve", "--keystore-passphrase-file", "/nonexistent"],
            ["snapshot"], ["snapshot", "save"], ["snapshot", "save", "/nonexistent/f", "--passphrase-file", "p", "--key-in-clear"],
            ["snapshot", "save", "/nonexistent/f", "--passphrase-file", "/nonexistent"],
            ["snapshot", "restore", "/nonexistent", "--revoke-issued-before", "soon"], ["member", "recover", "--revoke-issued-before", "-1"],
            ["member", "rekey", "--new-passphrase-file", "p", "--encrypt-keystore", "false"], ["member", "rekey", "--encrypt-keystore", "no"],
        ])
    func usage(arguments: [String]) async {
        #expect(await Invocation.run(arguments) == .usage)
    }

    @Test(
        "help and version are successes",
        arguments: [["--help"], ["--version"], ["token", "create", "--help"], ["help", "serve"]])
    func help(arguments: [String]) async {
        #expect(await Invocation.run(arguments) == .done)
    }

    @Test("nobody there is 3")
    func unreachable() async {
        #expect(await Invocation.run(["cluster", "list", "--address", "unix:/nonexistent/credence.sock"]) == .unreachable)
        let pin = String(repeating: "0", count: 64)
        #expect(await Invocation.run(["cluster", "list", "--address", "127.0.0.1:1", "--fingerprint", pin]) == .unreachable)
    }

    @Test(
        "every verb of the interface parses to a command that does something",
        arguments: [
            "serve", "token create --subject a --scope read", "token verify T", "token explain -", "token list", "token show I",
            "token revoke I",
            "revoke token T --reason x", "revocation list", "key list", "cluster certificate --authority", "key rotate", "key retire K --in 0", "key delete K --force", "key import --kind forest /x --name n",
            "key import --kind jwk /x", "key import --kind pem /x --algorithm PS256 --kid k --activate-in 0", "key export", "key export K", "key export --algorithm RS256", "key export K --as pem", "key import --kind lotus - ", "auth create-token --perm read --exp 1d", "auth api-info --perm admin --expire-in 2w", "cluster list",
            "cluster show n1",
            "cluster status", "cluster add n2", "cluster list-tokens", "cluster revoke-token n2", "config list",
            "config get voters_max", "config set voters_max=5 staleness_policy=serve",
            "snapshot save F --passphrase-file P --force", "snapshot save F --key-in-clear", "snapshot inspect F --full --format json",
            "snapshot restore F --data D --name N --advertise a:1 --snapshot-passphrase-file P --revoke-issued-before now --yes",
            "member heal", "member recover --data D --yes", "member wipe --data D --yes", "member rekey --data D --new-passphrase-file P",
            "audit list --since 12h --actor a --kind revoke --limit 5", "audit head", "audit follow --after 3", "audit verify", "audit verify --file F",
            "audit export F",
            "cluster list --format json --address unix:/x --token t",
        ])
    func verbs(line: String) throws {
        let command = try Credence.parseAsRoot(line.split(separator: " ").map(String.init))
        #expect(command is any Verb)
    }

    @Test("the body of a mint request")
    func mintBody() throws {
        let command = try Credence.parseAsRoot(
            [
                "token", "create", "--subject", "a", "--scope", "read,foo", "--scopes", "bar", "--audience", "x", "--expires-in",
                "2h",
                "--claims", #"{"k":1}"#, "--name", "n", "--algorithm", "EdDSA", "--not-before", "5",
            ])
        let body = try #require(command as? TokenCommand.Create).body()
        #expect(
            JSON.object(body)
                == .object([
                    "subject": "a", "scopes": ["read", "foo", "bar"], "audience": ["x"], "expires_in": 7200, "not_before": 5,
                    "algorithm": "EdDSA", "name": "n", "claims": .object(["k": 1]),
                ]))
    }

    @Test("revoking tells a token from an id", arguments: [("a.b.c", "token"), ("-5ePTu9CAOIyUp-huJIF5Q", "token_id")])
    func revokeBody(text: String, member: String) throws {
        let command = try Credence.parseAsRoot(["revoke", "token", "--", text])
        #expect(try #require(command as? RevokeCommand.Token).revocation.body().names == [member])
    }

    @Test("an id that starts with a hyphen is an id, wherever it stands; options stay options", arguments: [
        ("token revoke -hePTu9CAOIyUp-huJIF5Q --reason x", "token revoke --reason x -- -hePTu9CAOIyUp-huJIF5Q"),
        ("token revoke --PTu9CAOIyUp-huJIF5Qx", "token revoke -- --PTu9CAOIyUp-huJIF5Qx"),
        ("key delete -h5XJtFtxURqnuSDo0ncFfd_jfjc-0MNhEVnb--FZU4 --force", "key delete --force -- -h5XJtFtxURqnuSDo0ncFfd_jfjc-0MNhEVnb--FZU4"),
        ("token revoke -- -hePTu9CAOIyUp-huJIF5Q", "token revoke -- -hePTu9CAOIyUp-huJIF5Q"),
        ("token create -h", "token create -h"), ("auth create-token -p write", "auth create-token -p write"),
        ("token create --certificate-fingerprint x", "token create --certificate-fingerprint x"),
        ("serve --keystore-passphrase /x", "serve --keystore-passphrase /x"), ("token revoke -", "token revoke -"),
    ])
    func identifiers(line: String, protected: String) {
        #expect(IdentifierArgument.protected(line.split(separator: " ").map(String.init)) == protected.split(separator: " ").map(String.init))
    }

    @Test("a command about an id that looks like help goes to the member", arguments: [
        ["token", "revoke", "-hePTu9CAOIyUp-huJIF5Q"], ["key", "delete", "-h5XJtFtxURqnuSDo0ncFfd_jfjc-0MNhEVnb--FZU4"],
    ])
    func identifierIsNoHelp(arguments: [String]) async {
        #expect(await Invocation.run(arguments + ["--address", "unix:/nonexistent/credence.sock"]) == .unreachable)
    }

    @Test(
        "lifetimes",
        arguments: [("90", 90), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("1w", 604_800), ("1y", 31_536_000)])
    func lifetimes(text: String, seconds: Int64) throws {
        #expect(try Lifetime.seconds(text, option: "x") == seconds)
    }

    @Test(
        "what is no lifetime is usage, also when it overflows",
        arguments: ["", "h", "-1", "1.5h", "1 h", "9223372036854775807y", "99999999999999999999"])
    func noLifetimes(text: String) {
        #expect(throws: CommandFailure.self) { try Lifetime.seconds(text, option: "x") }
    }

    @Test("fingerprints in both notations, and nothing shorter")
    func fingerprints() {
        let plain = String(repeating: "ab", count: 32)
        let colons = Array(repeating: "AB", count: 32).joined(separator: ":")
        #expect(ConnectionOptions.normalizedFingerprint(plain) == plain)
        #expect(ConnectionOptions.normalizedFingerprint(colons) == plain)
        for wrong in ["", "ab", plain + "ab", String(plain.dropLast()) + "x"] {
            #expect(ConnectionOptions.normalizedFingerprint(wrong) == nil)
        }
    }

    @Test("what a member advertises comes from where it listens, unless that is everywhere")
    func advertised() throws {
        #expect(try ServeSettings.advertised([], listen: "10.0.0.1:8443") == ["10.0.0.1:8443"])
        #expect(try ServeSettings.advertised([], listen: "[::1]:1") == ["[::1]:1"])
        #expect(try ServeSettings.advertised(["a:1", "b:2"], listen: "0.0.0.0:8443") == ["a:1", "b:2"])
        for everywhere in ["0.0.0.0:8443", "[::]:8443"] {
            let found = try ServeSettings.advertised([], listen: everywhere)
            #expect(found.count == 1 && found[0].hasSuffix(":8443") && !found[0].hasPrefix("0.0.0.0") && !found[0].hasPrefix("["))
        }
    }

    @Test("a flag wins over the configuration file, whose unknown names are refused")
    func configuration() throws {
        let path = "/tmp/credence-config-\(UInt64.random(in: 0 ... .max)).json"
        defer { TemporaryDirectory.remove(path) }
        try Data(#"{"listen":"1.2.3.4:5","request-loops":3,"encrypt-keystore":false,"advertise":["a:1","b:2"]}"#.utf8).write(
            to: URL(filePath: path))
        let sources = try OptionSources(file: path)
        #expect(try sources.value("listen", nil) == "1.2.3.4:5")
        #expect(try sources.value("listen", "5.6.7.8:9") == "5.6.7.8:9")
        #expect(try sources.value("request-loops", nil) == "3")
        #expect(try sources.value("encrypt-keystore", nil) == "false")
        #expect(try sources.value("advertise", nil) == "a:1,b:2")
        #expect(try sources.value("log-format", nil) == nil)
        for wrong in [#"{"listn":"x"}"#, "[]", "{", #"{"listen":"a","listen":"b"}"#] {
            try Data(wrong.utf8).write(to: URL(filePath: path))
            #expect(throws: CommandFailure.self, "\(wrong)") { try OptionSources(file: path) }
        }
    }

    @Test(
        "one line end at the end of a passphrase file is not part of the passphrase",
        arguments: [
            ("secret", 6), ("secret\n", 6), ("secret\r\n", 6), ("secret\n\n", 7), (" secret ", 8),
        ])
    func passphrase(content: String, count: Int) throws {
        let path = "/tmp/credence-passphrase-\(UInt64.random(in: 0 ... .max))"
        defer { TemporaryDirectory.remove(path) }
        try Data(content.utf8).write(to: URL(filePath: path))
        #expect(try Passphrase.read(path).count == count)
    }

    @Test("an empty passphrase file is refused", arguments: ["", "\n"])
    func emptyPassphrase(content: String) throws {
        let path = "/tmp/credence-passphrase-\(UInt64.random(in: 0 ... .max))"
        defer { TemporaryDirectory.remove(path) }
        try Data(content.utf8).write(to: URL(filePath: path))
        #expect(throws: CommandFailure.self) { try Passphrase.read(path) }
    }
}

@Suite("What people read")
struct OutputTests {
    @Test("a table lines up, and has no blanks at the ends of its lines")
    func table() {
        let rows: [JSON] = [["name": "a", "list": ["x", "y"]], ["name": "longer", "list": .array([])]]
        let table = Table([.init("NAME", "name"), .init("LIST", "list"), .init("NONE", "none")], rows: rows)
        #expect(table.text == "NAME    LIST  NONE\na       x,y   -\nlonger  -     -")
        #expect(Table([.init("A", "a")], rows: []).text == "A")
        #expect(Table.lines(of: ["a": 1, "long": true, "no": .null]) == "a     1\nlong  yes\nno    -")
    }

    @Test("control characters do not reach the terminal")
    func control() {
        #expect(Table.printable("a\u{1B}[31mb\nc\u{202E}d") == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d")
    }

    @Test("a log line is one line, whatever stands in it")
    func logLine() throws {
        let text = LineLogHandler.line(.text, at: 1_700_000_000_007, .info, "a\nb", [("k", "v w"), ("q", "x\"\n"), ("p", "plain")])
        #expect(text == "2023-11-14T22:13:20.007Z info     a\u{FFFD}b k=\"v w\" q=\"x\\\"\u{FFFD}\" p=plain")
        let json = LineLogHandler.line(.json, at: 1_700_000_000_007, .warning, "a\nb", [("k", "v\n"), ("message", "not this")])
        #expect(!json.contains("\n"))
        let parsed = try JSON(parsing: json)
        #expect(
            parsed["message"] == "a\nb" && parsed["k"] == "v\n" && parsed["level"] == "warning"
                && parsed["time"] == "2023-11-14T22:13:20.007Z")
    }
}
