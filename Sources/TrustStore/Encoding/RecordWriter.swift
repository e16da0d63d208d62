import JOSE
import Raft

/// Collects the members of one record in the order they are written; absent values leave no trace.
struct RecordWriter {
    private(set) var members: [(String, JSON)] = []

    mutating func value(_ name: String, _ value: JSON) {
        members.append((name, value))
    }

    mutating func string(_ name: String, _ value: String?) {
        if let value { members.append((name, .string(value))) }
    }

    mutating func strings(_ name: String, _ values: [String]) {
        members.append((name, .strings(values)))
    }

    mutating func integer(_ name: String, _ value: Int64?) {
        if let value { members.append((name, .integer(value))) }
    }

    mutating func bool(_ name: String, _ value: Bool) {
        members.append((name, .bool(value)))
    }

    /// An index beyond `Int64.max` would take longer than the hardware lasts; it is clamped, not trapped on.
    mutating func index(_ name: String, _ value: LogIndex) {
        members.append((name, .integer(Int64(clamping: value.rawValue))))
    }

    mutating func bytes(_ name: String, _ value: [UInt8]?) {
        if let value { members.append((name, .string(Base64URL.encode(value)))) }
    }

    mutating func bytesList(_ name: String, _ values: [[UInt8]]) {
        members.append((name, .strings(values.map { Base64URL.encode($0) })))
    }

    mutating func record(_ name: String, _ value: some RecordCodable) {
        members.append((name, value.json))
    }

    mutating func records(_ name: String, _ values: [some RecordCodable]) {
        members.append((name, .array(values.map(\.json))))
    }
}
