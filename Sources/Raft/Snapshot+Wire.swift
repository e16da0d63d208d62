/// Snapshots on the wire: position (16) hash (32), then the fields of each.
extension SnapshotID {
    func write(to writer: inout WireWriter) {
        writer.write(position)
        writer.write(hash)
    }

    init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        position = try reader.readPosition(bytes)
        hash = try reader.readBytes(Self.hashBytes, of: bytes)
    }
}

extension SnapshotDescriptor {
    /// An encoded configuration is far shorter.
    private static let configurationBytesMax: UInt32 = 1024

    func write(to writer: inout WireWriter) {
        id.write(to: &writer)
        let encoded = configuration.encoded()
        writer.write(UInt32(encoded.count))
        writer.write(encoded)
        writer.write(byteCount)
    }

    init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        id = try SnapshotID(from: &reader, bytes)
        let length = try reader.readUInt32(bytes)
        guard length <= Self.configurationBytesMax else { throw .overBound("configuration", UInt64(length)) }
        configuration = try Configuration(decoding: try reader.readBytes(Int(length), of: bytes))
        byteCount = try reader.readUInt64(bytes)
        guard byteCount <= Self.byteCountMax else { throw .overBound("snapshot", byteCount) }
    }
}

extension SnapshotChunk {
    func write(to writer: inout WireWriter) {
        id.write(to: &writer)
        writer.write(offset)
        writer.write(checksum)
        writer.write(UInt32(clamping: bytes.count))
        writer.write(bytes)
    }

    init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        let id = try SnapshotID(from: &reader, bytes)
        let offset = try reader.readUInt64(bytes)
        guard offset <= SnapshotDescriptor.byteCountMax else { throw .overBound("offset", offset) }
        let checksum = try reader.readUInt32(bytes)
        let length = try reader.readUInt32(bytes)
        guard length <= Self.bytesMax else { throw .overBound("chunk", UInt64(length)) }
        self.init(id: id, offset: offset, bytes: try reader.readBytes(Int(length), of: bytes), checksum: checksum)
    }
}
