internal import CUV
internal import Synchronization

extension EventLoop {
    /// Blocking work of one loop that runs or waits. libuv's pool has four threads for the process
    /// (`UV_THREADPOOL_SIZE`), so more than this would wait longer than its callers do.
    package static let blockingJobsMax = 256

    /// Runs `body`, which may block, on libuv's thread pool. It is not interrupted when the task is
    /// cancelled. Throws ``EventLoopError/blockingQueueFull(jobsMax:)`` or
    /// ``EventLoopError/loopEnded`` without running it, or what it throws.
    package func runBlocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let outcome = BlockingOutcome<Value>()
        let refusal: EventLoopError? = await withCheckedContinuation { continuation in
            let job = BlockingJob(
                body: { outcome.set(Result { try body() }) },
                finish: { continuation.resume(returning: $0) })
            if !execute({ self.start(job) }) { job.finish(.loopEnded) }
        }
        if let refusal { throw refusal }
        return try outcome.get()
    }

    private func start(_ job: BlockingJob) {
        guard !isEnding else { return job.finish(.loopEnded) }
        guard blockingJobs < Self.blockingJobsMax else {
            return job.finish(.blockingQueueFull(jobsMax: Self.blockingJobsMax))
        }
        blockingJobs += 1
        let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        unsafe request.pointee.data = Unmanaged.passRetained(job).toOpaque()     // +1, returned when libuv hands it back
        let status = unsafe uv_queue_work(uv, request, { request in
            unsafe Unmanaged<BlockingJob>.fromOpaque(request!.pointee.data).takeUnretainedValue().body()
        }, { request, _ in
            let loop = unsafe Unmanaged<EventLoop>.fromOpaque(request!.pointee.loop.pointee.data).takeUnretainedValue()
            let job = unsafe Unmanaged<BlockingJob>.fromOpaque(request!.pointee.data).takeRetainedValue()
            unsafe request?.deallocate()
            loop.blockingJobs -= 1
            job.finish(nil)
        })
        precondition(status == 0, "uv_queue_work fails only without a function to run")
    }
}

/// `body` runs on a thread of the pool, then `finish` once on the loop; only `finish` when refused.
private final class BlockingJob: Sendable {
    let body: @Sendable () -> Void
    let finish: @Sendable (EventLoopError?) -> Void

    init(body: @escaping @Sendable () -> Void, finish: @escaping @Sendable (EventLoopError?) -> Void) {
        self.body = body
        self.finish = finish
    }
}

private final class BlockingOutcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    func set(_ result: Result<Value, any Error>) {
        self.result.withLock { $0 = result }
    }

    func get() throws -> Value {
        guard let result = result.withLock({ $0 }) else { throw EventLoopError.loopEnded }
        return try result.get()
    }
}
