import JOSE

/// Takes over another program's HS256 secret.
package struct ImportKey: Sendable, Equatable {
    package var id: String
    package var origin: ImportedKeyOrigin
    package var name: String?
    package var sealedSecret: [UInt8]

    package init(id: String, origin: ImportedKeyOrigin, name: String?, sealedSecret: [UInt8]) {
        self.id = id
        self.origin = origin
        self.name = name
        self.sealedSecret = sealedSecret
    }

    func check() throws(CommandRefusal) {
        try Check.key(id, "id")
        if let name { try Check.text(name, "name") }
        try Check.blob(sealedSecret, "sealed_secret")
    }
}

extension ImportKey: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            origin: try reader.choice("origin"),
            name: try reader.optionalString("name"),
            sealedSecret: try reader.bytes("sealed_secret"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("origin", origin.rawValue)
        writer.string("name", name)
        writer.bytes("sealed_secret", sealedSecret)
    }
}
