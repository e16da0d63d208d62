/// Cuts a stream of bytes into frames. A pure value: bytes in, frames out.
///
/// A frame's length is checked before any of its body is kept, so a peer cannot make this member
/// hold more than one frame of ``PeerFrame/bytesMax``.
package struct FrameAssembler: Sendable {
    private var buffer: [UInt8] = []
    /// Where the next frame starts in `buffer`; what lies before it is dropped in one go.
    private var start = 0

    package init() {}

    package mutating func append(_ bytes: borrowing Span<UInt8>) {
        if start > 0 {
            buffer.removeSubrange(0..<start)
            start = 0
        }
        for index in bytes.indices { buffer.append(bytes[index]) }
    }

    /// The next whole frame, or nil when more bytes are needed. After an error the stream is useless.
    package mutating func next() throws(PeerFrameError) -> PeerFrame? {
        let available = buffer.count - start
        guard available >= PeerFrame.lengthBytes else { return nil }
        let length = buffer[start..<start + PeerFrame.lengthBytes].reduce(0) { $0 << 8 | Int($1) }
        guard length <= PeerFrame.bytesMax else {
            throw .tooLong(bytes: length, bytesMax: PeerFrame.bytesMax)
        }
        guard available - PeerFrame.lengthBytes >= length else { return nil }
        let bodyStart = start + PeerFrame.lengthBytes
        start = bodyStart + length
        return try PeerFrame(decoding: Array(buffer[bodyStart..<start]))
    }
}
