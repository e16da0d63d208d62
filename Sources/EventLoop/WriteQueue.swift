internal import CUV

/// Bytes of one stream that the kernel has not taken yet: those lent to libuv until its callback,
/// and those that came since.
///
/// Owned by one stream. `free()` must be called when the handle is closed: libuv calls back every
/// write before that, so nothing is lent any more.
@safe struct WriteQueue {
    private(set) var waiting: [UInt8] = []
    private(set) var lent: UnsafeMutableBufferPointer<UInt8>?
    /// One request, reused, since one write at a time is in flight. Made with the first.
    private var request: UnsafeMutablePointer<uv_write_t>?

    var byteCount: Int { unsafe waiting.count + (lent?.count ?? 0) }
    var isLending: Bool { unsafe lent != nil }

    mutating func append(_ bytes: borrowing Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe waiting.append(contentsOf: $0) }
    }

    /// Moves what waits to a stable place. Nothing may be lent, and something must wait.
    mutating func lend() -> (UnsafeMutablePointer<uv_write_t>, uv_buf_t) {
        precondition(!isLending && !waiting.isEmpty)
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: waiting.count)
        _ = unsafe buffer.initialize(fromContentsOf: waiting)
        unsafe lent = buffer
        // A slow reader's queue may have grown large; one that drains should not keep it.
        waiting.removeAll(keepingCapacity: waiting.capacity <= 64 * 1024)
        let request = unsafe self.request ?? .allocate(capacity: 1)
        unsafe self.request = request
        let base = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
        return unsafe (request, uv_buf_t(base: base, len: buffer.count))
    }

    /// libuv no longer reads the lent bytes.
    mutating func takeBack() {
        unsafe lent?.deallocate()
        unsafe lent = nil
    }

    mutating func free() {
        takeBack()
        waiting = []
        unsafe request?.deallocate()
        unsafe request = nil
    }
}
