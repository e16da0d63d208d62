import JOSE
import Testing

@testable import credence

@Suite("Server-sent events as the command line reads them")
struct ServerSentEventsTests {
    private static let text = "retry: 1000\nid: 7\n\n: keep-alive\n\nid: 8\nevent: lifecycle\ndata: {\"a\":1}\n\nevent: cluster\ndata:x\ndata: y\n\nid: 9\nevent: cut"

    @Test("events are the same however they are cut, and line ends of every kind", arguments: ["\n", "\r\n", "\r"], [1, 2, 7, 1000])
    func pieces(lineEnd: String, pieceBytes: Int) {
        var parser = ServerSentEvents()
        var events: [ServerSentEvents.Event] = []
        var rest = Array(Self.text.replacing("\n", with: lineEnd).utf8)[...]
        while !rest.isEmpty {
            events += parser.read(Array(rest.prefix(pieceBytes))) ?? []
            rest = rest.dropFirst(pieceBytes)
        }
        #expect(events == [.init(name: "lifecycle", data: "{\"a\":1}"), .init(name: "cluster", data: "x\ny")])
        #expect(parser.lastEventID == "9")
        parser.reconnected()
        #expect(parser.read(Array("data: z\n\n".utf8)) == [.init(name: "message", data: "z")])
    }

    @Test("a line as long as the bound is read, one byte more is not")
    func bound() {
        var parser = ServerSentEvents()
        #expect(parser.read([UInt8](repeating: 0x61, count: ServerSentEvents.lineBytesMax)) == [])
        #expect(parser.read([0x61]) == nil)
    }

    @Test("an event is one line for people, without what a terminal would obey")
    func line() throws {
        let event = try JSON(parsing: Array(
            #"{"type":"lifecycle","timestamp":"2026-01-31T12:00:00.000Z","location":"m1","metadata":{"action":"token-created","source":"/1.0/tokens/x","context":{"name":"a\u001b[31m\nb"},"requestor":{"username":"uid:0","protocol":"unix","address":""}}}"#.utf8))
        let line = EventLine.text(event, .table)
        #expect(line.hasPrefix("2026-01-31T12:00:00.000Z  m1  lifecycle  token-created  /1.0/tokens/x  by uid:0 (unix)  name="))
        #expect(!line.contains("\u{1B}") && !line.contains("\n"))
        #expect(!EventLine.text(event, .json).contains("\n"))
    }
}
