import JOSE

/// A command that changed nothing, and why. Every member computes the same one.
package struct CommandRefusal: Error, Sendable, Equatable {
    package let code: RefusalCode
    /// For a person; holds no secret.
    package let message: String

    package init(_ code: RefusalCode, _ message: String) {
        self.code = code
        self.message = message
    }

    static func invalid(_ field: String, _ rule: String) -> CommandRefusal {
        CommandRefusal(.invalid, "field \"\(field)\" \(rule)")
    }
}

extension CommandRefusal: CustomStringConvertible {
    package var description: String { message }
}

extension CommandRefusal: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(try reader.choice("code"), try reader.string("message"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("code", code.rawValue)
        writer.string("message", message)
    }
}
