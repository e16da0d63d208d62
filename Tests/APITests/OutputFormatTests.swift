import JOSE
import Testing

@testable import credence

@Suite("What programs read")
struct OutputFormatTests {
    private static let list: JSON = [
        ["name": "a", "scopes": ["read", "b c"], "n": 1, "ok": true, "none": .null], ["name": "x,\"y\"", "scopes": .array([]), "inner": ["k": "v"]],
    ]

    @Test("YAML in blocks")
    func yaml() {
        #expect(BlockYAML.of(Self.list) == """
            -
              name: a
              scopes:
                - read
                - "b c"
              "n": 1
              ok: true
              none: null
            -
              name: "x,\\"y\\""
              scopes: []
              inner:
                k: v
            """)
        #expect(BlockYAML.of(.object([:])) == "{}" && BlockYAML.of("plain") == "plain" && BlockYAML.of(5) == "5" && BlockYAML.of(.array([.array([1])])) == "-\n  - 1")
    }

    @Test("text that YAML would read as something else is quoted, and none reaches a terminal as a control", arguments: [
        ("yes", "\"yes\""), ("No", "\"No\""), ("null", "\"null\""), ("1e3", "\"1e3\""), ("", "\"\""), ("a: b", "\"a: b\""), ("- a", "\"- a\""),
        ("a #b", "\"a #b\""), ("~", "\"~\""), ("v1.0-rc_1", "v1.0-rc_1"), ("\u{1B}[31m", "\"\\u001b[31m\""), ("\u{85}\u{2028}\u{202E}\u{FEFF}", "\"\\u0085\\u2028\\u202e\\ufeff\""),
        ("\u{E0001}", "\"\\U000e0001\""), ("é", "\"é\""), ("a\nb: c", "\"a\\nb: c\""),
    ])
    func yamlText(text: String, written: String) {
        #expect(BlockYAML.quoted(text) == written)
    }

    @Test("CSV with the columns of the table, with all members of an object, and without line breaks in cells")
    func csv() {
        #expect(CSVText.of([.init("NAME", "name"), .init("AGE MS", "n"), .init("SCOPES", "scopes")], rows: Self.list.arrayValue ?? []) == "name,age_ms,scopes\na,1,\"read,b c\"\n\"x,\"\"y\"\"\",,")
        #expect(CSVText.of(Self.list) == "name,scopes,n,ok,none,inner\na,\"read,b c\",1,true,,\n\"x,\"\"y\"\"\",,,,,\"{\"\"k\"\":\"\"v\"\"}\"")
        #expect(CSVText.of(["a": "b", "c": 2]) == "a,c\nb,2" && CSVText.of("x") == "x" && CSVText.of(["a", "b"]) == "a\nb")
        #expect(CSVText.of(["a": "one\ntwo\u{1B}"]) == "a\none\u{FFFD}two\u{FFFD}")
    }

    @Test("table alone leaves a value to whoever shows it")
    func formats() {
        #expect(OutputFormat.table.text(of: "x") == nil)
        for format in OutputFormat.allCases where format != .table { #expect(format.text(of: "x") != nil) }
    }

    @Test("an endless list: JSON by line, CSV with one head, YAML by document")
    func endless() {
        let entry: JSON = ["index": 7, "time": "T", "kind": "k", "actor": ["id": "a", "method": "m", "address": "h"], "outcome": "applied", "code": .null, "summary": .object([:])]
        #expect(AuditTable.head(.csv) == "index,time,kind,actor,by,from,outcome,summary" && AuditTable.head(.json) == nil)
        #expect(AuditTable.line(entry, .csv) == "7,T,k,a,m,h,applied,")
        #expect(AuditTable.line(entry, .json) == entry.encodedString && AuditTable.line(entry, .yaml).hasPrefix("---\nindex: 7\n"))
        #expect(AuditTable.line(entry, .table).hasPrefix("7  T  k  a  m  h  applied"))
    }

    @Test("colours only on a terminal that has them, and never with NO_COLOR", arguments: [
        (true, ["TERM": "xterm"], true), (false, ["TERM": "xterm"], false), (true, [:], false), (true, ["TERM": "dumb"], false), (true, ["TERM": "xterm", "NO_COLOR": "1"], false),
    ] as [(Bool, [String: String], Bool)])
    func colours(isTerminal: Bool, variables: [String: String], isColoured: Bool) {
        let style = TextStyle(isTerminal: isTerminal) { variables[$0] }
        #expect(style.paint("x", .bold) == (isColoured ? "\u{1B}[1mx\u{1B}[0m" : "x"))
    }
}
