package import JOSE
package import Raft

/// What a command that was carried out made, changed or removed.
package struct CommandResult: Sendable, Equatable {
    /// The id of what the command is about: cluster, member, join token, `kid`, imported key, revocation or named token.
    package let id: String
    /// The entry that did it. For something that had been done before, the earlier entry.
    package let index: LogIndex

    package init(id: String, index: LogIndex) {
        self.id = id
        self.index = index
    }
}

/// The answer to a command, the same on every member, kept so that a repeated request gets it verbatim.
package enum CommandOutcome: Sendable, Equatable {
    case done(CommandResult)
    case refused(CommandRefusal)
}

extension CommandOutcome {
    /// `{"done":{"id","index"}}` or `{"refused":{"code","message"}}`: how it is stored and carried between members.
    package var encodedJSON: JSON { json }

    package init(encodedJSON json: JSON) throws(JSONFieldError) {
        try self.init(json: json)
    }
}

extension CommandResult: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(id: try reader.string("id"), index: try reader.index("index"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.index("index", index)
    }
}

extension CommandOutcome: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        switch (reader.optionalValue("done"), reader.optionalValue("refused")) {
        case (let done?, nil): self = .done(try CommandResult(json: done, context: reader.path("done")))
        case (nil, let refused?): self = .refused(try CommandRefusal(json: refused, context: reader.path("refused")))
        default: throw reader.error("done", "must be present, or \"refused\", but not both")
        }
    }

    func write(to writer: inout RecordWriter) {
        switch self {
        case .done(let result): writer.record("done", result)
        case .refused(let refusal): writer.record("refused", refusal)
        }
    }
}
