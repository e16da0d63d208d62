import JOSE
import Testing

@testable import credence

@Suite("What `doctor` makes of the members' answers")
struct DiagnosisTests {
    private static let now: Int64 = 1_800_000_000
    private let diagnosis = Diagnosis(now: now)

    private static func member(_ name: String, _ changes: JSONObject = [:]) -> JSON {
        var entry: JSONObject = [
            "name": .string(name), "role": "voter", "state": "online", "lag": 0, "clock_skew_ms": 3, "version": "1.0.0",
            "certificate_expires_at": .string(RFC3339.text(now + 300 * 86_400)), "last_contact_ms": 10,
        ]
        for change in changes.members { entry[change.name] = change.value }
        return .object(entry)
    }

    private static func status(_ members: [JSON], _ changes: JSONObject = [:]) -> JSON {
        var status: JSONObject = [
            "leader": "m1", "term": 2, "applied_index": 9, "halted": .null, "out_of_service": .null, "storage_trouble": .null,
            "recovering": false, "members": .array(members),
        ]
        for change in changes.members { status[change.name] = change.value }
        return .object(status)
    }

    private func bad(_ status: JSON) -> [String] {
        diagnosis.cluster(status).filter { $0.outcome != .good }.map { "\($0.check): \($0.outcome.rawValue)" }
    }

    private static let three = [member("m1"), member("m2"), member("m3")]

    @Test("three members in order give nothing to do")
    func healthy() {
        #expect(bad(Self.status(Self.three)) == [])
    }

    @Test(
        "each thing that goes wrong is named, once, with its member",
        arguments: [
            ("state", "offline", ["quorum: warning", "member m3: failure"]), ("lag", 1_001, ["member m3: warning"]), ("lag", 1_000, []),
            ("clock_skew_ms", -500, ["clock of m3: warning"]), ("clock_skew_ms", 499, []), ("clock_skew_ms", 5_000, ["clock of m3: failure"]),
            ("clock_skew_ms", .integer(.min), ["clock of m3: failure"]), ("version", "0.9.0", ["versions: warning"]),
            ("certificate_expires_at", .string(RFC3339.text(now + 29 * 86_400)), ["certificate of m3: warning"]),
            ("certificate_expires_at", .string(RFC3339.text(now)), ["certificate of m3: failure"]),
        ] as [(String, JSON, [String])])
    func oneMember(field: String, value: JSON, expected: [String]) {
        #expect(bad(Self.status([Self.member("m1"), Self.member("m2"), Self.member("m3", [field: value])])) == expected)
    }

    @Test("no leader, a member out of service, and a lost majority are failures; whatever fails says what to do")
    func failures() {
        #expect(bad(Self.status(Self.three, ["leader": .null])) == ["leader: failure"])
        for name in ["halted", "out_of_service", "storage_trouble"] {
            #expect(bad(Self.status(Self.three, [name: "why"])) == ["asked member: failure"])
        }
        let away = ["m2", "m3"].map { Self.member($0, ["state": "offline"]) }
        let findings = diagnosis.cluster(Self.status([Self.member("m1")] + away))
        #expect(findings.contains { $0.check == "quorum" && $0.outcome == .failure })
        #expect(findings.allSatisfy { $0.outcome == .good || !$0.advice.isEmpty })
    }

    @Test("a link that is down one way shows on the side that does not hear")
    func pairs() {
        let deaf = Self.status([Self.member("m1"), Self.member("m2", ["state": "offline"]), Self.member("m3")])
        let findings = diagnosis.reachability([
            ("m1", .success(Self.status(Self.three))), ("m2", .failure(.unreachable("refused"))), ("m3", .success(deaf)),
        ])
        #expect(findings.map(\.outcome) == [.good, .warning, .failure])
        #expect(findings[2].detail == "does not hear m2")
    }

    @Test("an overdue CRL fails, one that is due within a day warns")
    func lists() {
        func list(_ seconds: Int64) -> JSON {
            [["next_update": .string(RFC3339.text(Self.now + seconds)), "authority": "ab", "issuer": "Corp"]]
        }
        #expect(diagnosis.revocationLists(list(0)).map(\.outcome) == [.failure])
        #expect(diagnosis.revocationLists(list(86_399)).map(\.outcome) == [.warning])
        #expect(diagnosis.revocationLists(list(86_400)).map(\.outcome) == [.good])
    }

    @Test("without an active key no token can be made")
    func keys() {
        #expect(diagnosis.keys([["state": "retired", "algorithm": "ES256"]]).outcome == .failure)
        #expect(diagnosis.keys([["state": "active", "algorithm": "ES256"]]).outcome == .good)
    }
}
