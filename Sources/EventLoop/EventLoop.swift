internal import CUV
internal import Glibc
internal import Synchronization

/// One thread running one libuv loop, and a Swift executor for everything confined to it.
///
/// - As a serial executor it runs actors: `nonisolated var unownedExecutor` returns
///   `loop.asUnownedSerialExecutor()`, and a callback on the loop may call `assumeIsolated`.
/// - As a task executor it keeps a task here: `Task(executorPreference: loop)`. Give such a
///   preference to the tasks of loop-bound actors too, or each await passes through the global pool.
///
/// Safe to send: `inbox` and the atomics may be touched by any thread; everything else only by the
/// loop's own (or by `init`, before that exists, and `deinit`, after it has gone).
@safe package final class EventLoop: @unchecked Sendable {
    package let name: String
    /// The most bytes one read delivers, and the size of the buffer all streams of a loop share.
    package static let readBufferBytes = 64 * 1024

    let inbox = LoopInbox()
    /// Heap allocated, stable, valid until `deinit`; open until the thread ends.
    let uv: UnsafeMutablePointer<uv_loop_t>
    let wakeUp: UnsafeMutablePointer<uv_async_t>
    let beforePoll: UnsafeMutablePointer<uv_prepare_t>
    /// Active only while work waits that the current turn did not get to: keeps the poll from sleeping.
    let moreWork: UnsafeMutablePointer<uv_idle_t>
    let readBuffer: UnsafeMutableRawBufferPointer

    /// The loop's thread as `pthread_self()` gives it, zero when it does not run.
    private let threadID = Atomic<UInt>(0)
    private let endRequested = Atomic<Bool>(false)
    let ended = LoopEnd()
    /// Handles whose close callback has not run yet, without the three above.
    var openHandles = 0
    var blockingJobs = 0
    private var batch: [LoopInbox.Work] = []

    /// Starts the thread. It holds the loop until ``shutdown()``, whoever else lets go of it.
    package init(name: String) throws(EventLoopError) {
        ignoreBrokenPipes()
        self.name = name
        unsafe uv = .allocate(capacity: 1)
        unsafe wakeUp = .allocate(capacity: 1)
        unsafe beforePoll = .allocate(capacity: 1)
        unsafe moreWork = .allocate(capacity: 1)
        unsafe readBuffer = .allocate(byteCount: Self.readBufferBytes, alignment: 64)
        let status = unsafe uv_loop_init(uv)
        guard status == 0 else { throw .from(status: status, operation: "start event loop", target: name) }
        try openOwnHandles()
        do throws(EventLoopError) {
            try startThread()
        } catch {
            closeOwnHandles()
            throw error
        }
    }

    deinit {
        unsafe wakeUp.deallocate()
        unsafe beforePoll.deallocate()
        unsafe moreWork.deallocate()
        unsafe uv.deallocate()
        unsafe readBuffer.deallocate()
    }

    /// Whether the caller runs on this loop's thread.
    package var isCurrent: Bool {
        threadID.load(ordering: .relaxed) == UInt(pthread_self())
    }

    package func preconditionOnLoop() {
        precondition(isCurrent, "used off its event loop")
    }

    /// Runs `work` on the loop, after everything given to it before; never inside this call.
    /// False, and `work` is dropped, once the loop has ended.
    @discardableResult
    package func execute(_ work: @escaping @Sendable () -> Void) -> Bool {
        add(.closure(work))
    }

    func add(_ work: sending LoopInbox.Work) -> Bool {
        inbox.add(work) {
            // On the loop itself the inbox is read again before the next poll: no system call.
            if !isCurrent { unsafe uv_async_send(wakeUp) }
        }
    }

    /// Closes every listener, stream, timer and signal watcher of the loop, runs what they and the
    /// work already given to the loop still have to say, and ends the thread. Work that arrives
    /// later is dropped, and a task that waits for it never resumes: end what uses a loop first.
    /// May be called from any thread, and again.
    package func shutdown() {
        endRequested.store(true, ordering: .releasing)
        execute { unsafe uv_stop(self.uv) }
    }

    /// Waits until the thread has ended. Must not be called on a loop or in a task.
    package func join() {
        precondition(!isCurrent, "a loop cannot wait for its own end")
        ended.wait()
    }

    var isEnding: Bool {
        endRequested.load(ordering: .acquiring)
    }
}

// MARK: The loop's thread

extension EventLoop {
    private func startThread() throws(EventLoopError) {
        let own = unsafe Unmanaged.passRetained(self)            // +1, returned by runThread
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let status = unsafe pthread_create(&thread, &attributes, { argument in
            let loop = unsafe Unmanaged<EventLoop>.fromOpaque(argument!).takeRetainedValue()
            loop.runThread()
            return nil
        }, own.toOpaque())
        unsafe pthread_attr_destroy(&attributes)
        guard status == 0 else {
            unsafe own.release()
            throw .system(operation: "start thread", target: name, code: status)
        }
    }

    private func runThread() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        unsafe pthread_setname_np(pthread_self(), String(decoding: name.utf8.prefix(15), as: UTF8.self))
        while !isEnding {
            unsafe uv_run(uv, UV_RUN_DEFAULT)
        }
        windDown()
        closeOwnHandles()
        threadID.store(0, ordering: .relaxed)
        ended.signal()
    }

    /// Everything is closed by its owner so that each `onClose` is called; tasks resumed by that get
    /// their turns. `idleTurnsMax` ends an argument with work that never stops making more of itself.
    private func windDown() {
        let idleTurnsMax = 10_000
        var idleTurns = 0
        repeat {
            unsafe uv_walk(uv, { handle, _ in
                guard let owner = unsafe LoopHandle.owner(of: handle) else { return }
                owner.loopWillEnd()
            }, nil)
            let waitsForPool = blockingJobs > 0
            unsafe uv_run(uv, waitsForPool ? UV_RUN_ONCE : UV_RUN_NOWAIT)
            idleTurns += waitsForPool ? 0 : 1
        } while idleTurns < idleTurnsMax && !(openHandles == 0 && inbox.closeIfEmpty())
        inbox.close()
    }
}

// MARK: Turning the inbox into turns

extension EventLoop {
    private func openOwnHandles() throws(EventLoopError) {
        let status = unsafe uv_async_init(uv, wakeUp) { _ in }
        guard status == 0 else {
            unsafe uv_loop_close(uv)
            throw .from(status: status, operation: "start event loop", target: name)
        }
        unsafe uv_prepare_init(uv, beforePoll)
        unsafe uv_idle_init(uv, moreWork)
        // Null marks these three as the loop's own for LoopHandle.owner(of:).
        unsafe wakeUp.pointee.data = nil
        unsafe moreWork.pointee.data = nil
        unsafe beforePoll.pointee.data = nil
        unsafe uv.pointee.data = Unmanaged.passUnretained(self).toOpaque()   // +0: the loop outlives its callbacks
        unsafe uv_prepare_start(beforePoll) { prepare in
            let loop = unsafe Unmanaged<EventLoop>.fromOpaque(prepare!.pointee.loop.pointee.data).takeUnretainedValue()
            loop.runInbox()
        }
    }

    private func closeOwnHandles() {
        unsafe wakeUp.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { unsafe uv_close($0, nil) }
        unsafe beforePoll.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { unsafe uv_close($0, nil) }
        unsafe moreWork.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { unsafe uv_close($0, nil) }
        unsafe uv_run(uv, UV_RUN_DEFAULT)
        let status = unsafe uv_loop_close(uv)
        assert(status == 0, "a handle or request outlived its loop")
    }

    /// Called once per turn, before the poll. What these jobs enqueue runs in the next turns, so that
    /// tasks that keep each other busy cannot keep the sockets waiting.
    private func runInbox() {
        let roundsMax = 4
        for _ in 0..<roundsMax {
            inbox.take(into: &batch)
            if batch.isEmpty { break }
            for work in batch {
                switch work {
                case .closure(let body): body()
                case .job(let job): run(job)
                }
            }
            batch.removeAll(keepingCapacity: batch.capacity <= 4096)
        }
        if inbox.isEmpty {
            unsafe uv_idle_stop(moreWork)
        } else {
            unsafe uv_idle_start(moreWork) { _ in }
        }
    }
}

/// Writing to a connection that the peer has closed must be an error, not the end of the process.
package func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
}
