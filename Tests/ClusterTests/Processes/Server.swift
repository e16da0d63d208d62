import Subprocess

/// One process that serves, a `credence serve` as a rule, from its start to its end. Everything it prints is appended to a file.
struct Server: Sendable {
    let processID: Int32
    private let signals: AsyncStream<Signal>.Continuation
    private let end: Task<TerminationStatus, any Error>

    /// The shell only redirects the output: it becomes the server itself, with the same process id.
    static func start(
        _ arguments: [String], log: String, binary: String = Binary.path, environment: [String: String?] = [:]
    ) async throws -> Server {
        let (requested, signals) = AsyncStream.makeStream(of: Signal.self)
        let (started, announce) = AsyncStream.makeStream(of: Int32.self)
        let redirect = #"exec "$0" "$@" >>"$SERVER_LOG" 2>&1"#
        let configuration = Configuration(
            executable: .name("sh"), arguments: Arguments(["-c", redirect, binary] + arguments),
            environment: .inheriting(environment.merging(["SERVER_LOG": log]) { $1 }))
        let end = Task {
            defer { announce.finish() }
            return try await Subprocess.run(configuration, input: .none, output: .discarded, error: .discarded) {
                announce.yield($0.processIdentifier.value)
                for await signal in requested { try? $0.send(signal: signal) }
            }.terminationStatus
        }
        for await processID in started { return Server(processID: processID, signals: signals, end: end) }
        _ = try await end.value
        throw TestFailure("the server's process id was never announced")
    }

    /// False once the process has ended, whoever ended it.
    var isRunning: Bool {
        let state = Files.text("/proc/\(processID)/stat").split(separator: ")").last?.first { $0.isLetter }
        return state != nil && state != "Z"
    }

    func send(_ signal: Signal) {
        signals.yield(signal)
    }

    /// Sends the signal and waits for the end. A test that is cancelled (its time is up) kills the server instead.
    @discardableResult
    func end(by signal: Signal) async throws -> TerminationStatus {
        signals.yield(signal)
        return try await waitForEnd()
    }

    /// Waits until the process has ended by itself.
    func waitForEnd() async throws -> TerminationStatus {
        signals.finish()
        return try await withTaskCancellationHandler {
            try await end.value
        } onCancel: {
            end.cancel()
        }
    }
}
