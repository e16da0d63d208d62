import JOSE

/// What proposals and commands have in common on the outside: size bound, version, kind.
enum CommandEnvelope {
    static func begin(kind: CommandKind) -> RecordWriter {
        var writer = RecordWriter()
        writer.integer("v", Command.version)
        writer.string("kind", kind.rawValue)
        return writer
    }

    /// The version is judged before anything else is looked at: a later version may mean something
    /// else by every other field.
    static func open(_ bytes: [UInt8], bytesMax: Int) throws(CommandError) -> (CommandKind, JSONObjectReader) {
        guard bytes.count <= bytesMax else { throw .tooLarge(bytesMax: bytesMax) }
        let json: JSON
        do throws(JSONError) { json = try JSON(trusting: bytes) } catch { throw .notJSON(error) }
        let version: Int64
        let kindName: String
        var reader: JSONObjectReader
        do throws(JSONFieldError) {
            reader = try JSONObjectReader(json)
            version = try reader.integer("v")
            kindName = try reader.string("kind")
        } catch {
            throw .malformed(error)
        }
        guard version == Command.version else { throw .unsupportedVersion(version) }
        guard let kind = CommandKind(rawValue: kindName) else { throw .unknownKind }
        return (kind, reader)
    }
}
