extension EventLoop: SerialExecutor, TaskExecutor {
    package func enqueue(_ job: consuming ExecutorJob) {
        // A job for a loop that has ended is lost, as `shutdown()` says.
        _ = add(.job(UnownedJob(job)))
    }

    func run(_ job: UnownedJob) {
        unsafe job.runSynchronously(
            isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    package func isSameExclusiveExecutionContext(other: EventLoop) -> Bool {
        self === other
    }

    /// Lets `assumeIsolated` work in a libuv callback, which runs in no task.
    package func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    package func checkIsolated() {
        preconditionOnLoop()
    }
}
