import JOSE
import Raft

/// What became of a request, kept so that the same request sent again gets the same answer.
struct RequestRecord: Sendable, Equatable {
    let requestID: RequestID
    /// The entry that answered it.
    let index: LogIndex
    let kind: CommandKind
    let outcome: CommandOutcome
}

extension RequestRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            requestID: try reader.requestID("request_id"),
            index: try reader.index("index"),
            kind: try reader.choice("kind"),
            outcome: try reader.record("outcome"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("request_id", requestID.description)
        writer.index("index", index)
        writer.string("kind", kind.rawValue)
        writer.record("outcome", outcome)
    }
}
