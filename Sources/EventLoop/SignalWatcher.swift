internal import CUV
internal import Glibc

/// The signals by which an operator or the system speaks to a service.
package enum ProcessSignal: Sendable, CaseIterable {
    /// SIGTERM: stop in good order.
    case terminate
    /// SIGINT, from a terminal: the same.
    case interrupt
    /// SIGHUP: read the configuration again.
    case hangUp

    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        }
    }
}

/// Delivers signals to one loop, instead of their usual effect. Dropping it, or `cancel()`, restores that.
package final class SignalWatcher {
    private let loop: EventLoop
    private var cores: [Core] = []

    package init(
        on loop: EventLoop, for signals: [ProcessSignal], onSignal: @escaping (ProcessSignal) -> Void
    ) throws(EventLoopError) {
        self.loop = loop
        for signal in signals {
            let core = Core(signal, on: loop, onSignal)
            cores.append(core)
            try core.start()
        }
    }

    deinit {
        closeOnLoop(cores, loop)
    }

    package func cancel() {
        for core in cores { core.closeHandle() }
        cores = []
    }

    private final class Core: LoopHandle {
        private let signal: ProcessSignal
        private var onSignal: ((ProcessSignal) -> Void)?

        init(_ signal: ProcessSignal, on loop: EventLoop, _ onSignal: @escaping (ProcessSignal) -> Void) {
            self.signal = signal
            self.onSignal = onSignal
            super.init(on: loop, kind: UV_SIGNAL)
            let status = unsafe uv_signal_init(loop.uv, raw.assumingMemoryBound(to: uv_signal_t.self))
            precondition(status == 0, "uv_signal_init fails only when its pipe cannot be made, at the first loop")
            adoptHandle()
        }

        func start() throws(EventLoopError) {
            let status = unsafe uv_signal_start(raw.assumingMemoryBound(to: uv_signal_t.self), { handle, _ in
                let core = unsafe Unmanaged<Core>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
                guard !core.isClosing else { return }
                core.onSignal?(core.signal)
            }, signal.number)
            guard status == 0 else { throw .from(status: status, operation: "watch for", target: "\(signal)") }
        }

        override func didClose() {
            onSignal = nil
        }
    }
}
