import JOSE
import Testing

@Suite("RFC 3339")
struct RFC3339Tests {
    @Test("instants are written in UTC and read back", arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_800_000_000, "2027-01-15T08:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] as [(Int64, String)])
    func known(seconds: Int64, text: String) {
        #expect(RFC3339.text(seconds) == text)
        #expect(RFC3339.seconds(text) == seconds)
    }

    @Test("every day of four centuries comes back, one after the other")
    func everyDay() {
        var previous = ""
        for day in Int64(0)..<146_097 {
            let text = RFC3339.text(day * 86_400)
            guard RFC3339.seconds(text) == day * 86_400, previous < text else {
                Issue.record("day \(day) is written \(text)")
                return
            }
            previous = text
        }
    }

    @Test("what is no instant is refused", arguments: [
        "", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00:00+01:00", "2027-13-01T00:00:00Z", "2027-02-29T00:00:00Z", "2027-04-31T00:00:00Z",
        "2027-00-10T00:00:00Z", "2027-01-00T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z", "1969-12-31T23:59:59Z",
        "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.1x", "2027-01-01 00:00:00Z", "20270101T000000Z    ", "２027-01-01T00:00:00Z",
        "2027-01-01T00:00:00.1234567890123456Z",
    ])
    func refused(text: String) {
        #expect(RFC3339.seconds(text) == nil)
    }
}
