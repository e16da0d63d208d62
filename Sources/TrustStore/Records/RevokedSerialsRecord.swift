import JOSE

/// Some of the serial numbers of one CRL: all of one length, packed and strictly ascending.
package struct RevokedSerialsRecord: Sendable, Equatable {
    /// Of the list.
    package var list: String
    /// From 0, without gaps.
    package var sequence: Int64
    /// Octets of each.
    package var length: Int
    package var bytes: [UInt8]

    package init(list: String, sequence: Int64, length: Int, bytes: [UInt8]) {
        self.list = list
        self.sequence = sequence
        self.length = length
        self.bytes = bytes
    }

    package static let lengthMax = 20

    var key: String { Self.key(list, sequence) }

    static func key(_ list: String, _ sequence: Int64) -> String { "\(list)/\(FixedHex.digits(UInt64(clamping: sequence)))" }

    package var count: Int { length > 0 ? bytes.count / length : 0 }

    func serial(at position: Int) -> ArraySlice<UInt8> { bytes[position * length..<(position + 1) * length] }

    /// Whether all of it, and the first after `other`'s last, is in order: by length, then by octets.
    func follows(_ other: RevokedSerialsRecord?) -> Bool {
        for position in 1..<max(1, count) where !serial(at: position - 1).lexicographicallyPrecedes(serial(at: position)) { return false }
        guard let other else { return true }
        guard other.length == length else { return other.length < length }
        return other.serial(at: other.count - 1).lexicographicallyPrecedes(serial(at: 0))
    }

    func check() throws(CommandRefusal) {
        try Check.key(list, "list")
        try Check.range(sequence, 0...Int64(StateLimits.revokedSerialsChunksMax - 1), "sequence")
        try Check.range(Int64(length), 1...Int64(Self.lengthMax), "length")
        guard !bytes.isEmpty, bytes.count <= StateLimits.revokedSerialsBytesMax, bytes.count % length == 0 else {
            throw .invalid("serials", "must be 1 to \(StateLimits.revokedSerialsBytesMax) bytes, and a multiple of the length")
        }
    }
}

extension RevokedSerialsRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        list = try reader.string("list")
        sequence = try reader.integer("sequence", in: 0...Int64(StateLimits.revokedSerialsChunksMax))
        length = Int(try reader.integer("length", in: 1...Int64(Self.lengthMax)))
        bytes = try reader.base64URL("serials", maxBytes: StateLimits.revokedSerialsBytesMax)
        guard !bytes.isEmpty, bytes.count % length == 0 else { throw reader.error("serials", "must be whole serial numbers") }
    }

    func write(to writer: inout RecordWriter) {
        writer.string("list", list)
        writer.integer("sequence", sequence)
        writer.integer("length", Int64(length))
        writer.bytes("serials", bytes)
    }
}
