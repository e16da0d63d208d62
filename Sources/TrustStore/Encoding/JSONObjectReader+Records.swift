import JOSE
import Raft

/// The types that records and commands are made of, beyond JSON's own.
extension JSONObjectReader {
    mutating func memberID(_ name: String) throws(JSONFieldError) -> MemberID {
        guard let id = MemberID(try string(name, max: 32)) else {
            throw error(name, "must be 32 lower hexadecimal digits")
        }
        return id
    }

    mutating func requestID(_ name: String) throws(JSONFieldError) -> RequestID {
        guard let id = RequestID(try string(name, max: 32)) else {
            throw error(name, "must be 32 lower hexadecimal digits")
        }
        return id
    }

    mutating func index(_ name: String) throws(JSONFieldError) -> LogIndex {
        LogIndex(UInt64(try integer(name, in: 0...Int64(LogIndex.max.rawValue))))
    }

    mutating func optionalIndex(_ name: String) throws(JSONFieldError) -> LogIndex? {
        guard let value = try optionalInteger(name, in: 0...Int64(LogIndex.max.rawValue)) else { return nil }
        return LogIndex(UInt64(value))
    }

    mutating func choice<Choice: RawRepresentable>(_ name: String) throws(JSONFieldError) -> Choice
    where Choice.RawValue == String {
        guard let value = Choice(rawValue: try string(name)) else {
            throw error(name, "has a value this version does not know")
        }
        return value
    }

    mutating func optionalChoice<Choice: RawRepresentable>(_ name: String) throws(JSONFieldError) -> Choice?
    where Choice.RawValue == String {
        guard let text = try optionalString(name) else { return nil }
        guard let value = Choice(rawValue: text) else { throw error(name, "has a value this version does not know") }
        return value
    }

    mutating func optionalBytes(_ name: String) throws(JSONFieldError) -> [UInt8]? {
        try optionalBase64URL(name, maxBytes: StateLimits.blobBytesMax)
    }

    mutating func bytes(_ name: String) throws(JSONFieldError) -> [UInt8] {
        try base64URL(name, maxBytes: StateLimits.blobBytesMax)
    }

    mutating func bytesList(_ name: String) throws(JSONFieldError) -> [[UInt8]] {
        var blobs: [[UInt8]] = []
        for text in try strings(name, max: StateLimits.chainCountMax, each: StateLimits.blobBytesMax * 2) {
            guard let blob = Base64URL.decode(text), blob.count <= StateLimits.blobBytesMax else {
                throw error(name, "must hold at most \(StateLimits.blobBytesMax) bytes in unpadded base64url")
            }
            blobs.append(blob)
        }
        return blobs
    }

    mutating func record<Record: RecordCodable>(_ name: String) throws(JSONFieldError) -> Record {
        try Record(json: try value(name), context: path(name))
    }

    mutating func optionalRecord<Record: RecordCodable>(_ name: String) throws(JSONFieldError) -> Record? {
        guard let value = optionalValue(name) else { return nil }
        return try Record(json: value, context: path(name))
    }

    mutating func records<Record: RecordCodable>(_ name: String, max: Int) throws(JSONFieldError) -> [Record] {
        var records: [Record] = []
        for element in try array(name, max: max) {
            records.append(try Record(json: element, context: path(name)))
        }
        return records
    }
}
