internal import CUV

/// Owns one libuv handle on the heap, confined to its loop.
///
/// References: while the handle is open its `data` holds one on this object, returned by the close
/// callback, which also frees the handle. So the object lives at least as long as the handle, and
/// `raw` is valid exactly until `didClose()`.
@safe package class LoopHandle {
    package final let loop: EventLoop
    /// Points at a `uv_tcp_t`, `uv_pipe_t`, `uv_timer_t` or `uv_signal_t`.
    final let raw: UnsafeMutableRawPointer
    final private(set) var isClosing = false

    /// `byteCount` is `uv_handle_size` of the kind. The subclass initialises the handle with its
    /// `uv_*_init` and then calls `adoptHandle()`.
    init(on loop: EventLoop, kind: uv_handle_type) {
        loop.preconditionOnLoop()
        self.loop = loop
        unsafe raw = .allocate(byteCount: uv_handle_size(kind), alignment: 16)
    }

    final var handle: UnsafeMutablePointer<uv_handle_t> {
        unsafe raw.assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Call once `uv_*_init` has succeeded. From here on the object stays alive until it is closed.
    final func adoptHandle() {
        loop.openHandles += 1
        unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()     // +1, returned in the close callback
    }

    /// Call instead of `adoptHandle()` when `uv_*_init` failed.
    final func discardHandle() {
        isClosing = true
        unsafe raw.deallocate()
    }

    /// Starts closing; `didClose()` follows in a later callback. May be repeated.
    final func closeHandle() {
        loop.preconditionOnLoop()
        guard !isClosing else { return }
        isClosing = true
        unsafe uv_close(handle) { handle in
            let owner = unsafe Unmanaged<LoopHandle>.fromOpaque(handle!.pointee.data).takeRetainedValue()
            unsafe owner.raw.deallocate()
            owner.loop.openHandles -= 1
            owner.didClose()
        }
    }

    /// The handle has gone; nothing of libuv's calls this object any more.
    func didClose() {}

    /// The loop is shutting down: close, and tell whoever listens why.
    func loopWillEnd() {
        closeHandle()
    }

    /// Nil for the loop's own handles.
    static func owner(of handle: UnsafeMutablePointer<uv_handle_t>?) -> LoopHandle? {
        guard let data = unsafe handle?.pointee.data else { return nil }
        return unsafe Unmanaged<LoopHandle>.fromOpaque(data).takeUnretainedValue()
    }
}

/// For the `deinit` of what owns handles: its last reference may be dropped on any thread.
func closeOnLoop(_ handles: [LoopHandle], _ loop: EventLoop) {
    if loop.isCurrent {
        for handle in handles { handle.closeHandle() }
        return
    }
    let handles = LoopBound(unchecked: handles, on: loop)
    loop.execute {
        for handle in handles.value { handle.closeHandle() }
    }
}
