import JOSE

/// Who asked for a change and from where: part of the command, because the log is the audit record.
package struct Actor: Sendable, Equatable {
    /// A token's subject, a certificate's fingerprint, a local user, or a member acting by itself.
    package var id: String
    /// How the caller proved it: `token`, `certificate`, `unix`, `member`.
    package var method: String
    /// Where the request came from, when it came over the network.
    package var address: String?

    package init(id: String, method: String, address: String?) {
        self.id = id
        self.method = method
        self.address = address
    }

    func check() throws(CommandRefusal) {
        try Check.text(id, "actor.id")
        try Check.text(method, "actor.method")
        if let address { try Check.text(address, "actor.address") }
    }
}

extension Actor: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            method: try reader.string("method"),
            address: try reader.optionalString("address"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("method", method)
        writer.string("address", address)
    }
}
