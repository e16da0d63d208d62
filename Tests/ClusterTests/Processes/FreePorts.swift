import Synchronization

/// Ports that nothing on this machine listens on and that no other test of this run was given. They lie below
/// the range that the system hands out by itself, so no connection of another test lands on one by chance.
enum FreePorts {
    private static let range = 20_000..<28_000
    private static let next = Mutex(Int.random(in: 20_000..<24_000))

    static func take() async throws -> Int {
        while true {
            let port = next.withLock { port in
                port += 1
                return port
            }
            guard range.contains(port) else { throw TestFailure("no free port in \(range)") }
            let listening = try await Command.run("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"])
            if listening.exitCode != 0 { return port }
        }
    }
}
