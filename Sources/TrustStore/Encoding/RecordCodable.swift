import JOSE

/// A value that has one JSON form: the same value always gives the same bytes, and bytes with a
/// member missing, unknown or of another type give an error and no value.
protocol RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError)
    func write(to writer: inout RecordWriter)
}

extension RecordCodable {
    init(json: JSON, context: String = "") throws(JSONFieldError) {
        var reader = try JSONObjectReader(json, context: context)
        try self.init(from: &reader)
        try reader.finish()
    }

    var json: JSON {
        var writer = RecordWriter()
        write(to: &writer)
        return .object(JSONObject(writer.members))
    }
}
