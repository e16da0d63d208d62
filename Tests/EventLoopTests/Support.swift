import EventLoop
import Glibc
import Testing

/// Runs `body` as a task of a loop made for it, and ends the loop, thread and all, before returning.
@discardableResult
func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let loop = try EventLoop(name: "test")
    let task = Task(executorPreference: loop) { try await body(loop) }
    let result = await task.result
    loop.shutdown()
    loop.join()
    return try result.get()
}

/// What callbacks reported, in order, for a test that waits for it. Confined to the loop.
final class Events<Event: Sendable> {
    private var waiting: [Event] = []
    private var reader: CheckedContinuation<Event, Never>?

    func send(_ event: Event) {
        guard let reader else { return waiting.append(event) }
        self.reader = nil
        reader.resume(returning: event)
    }

    func next() async -> Event {
        await withCheckedContinuation { continuation in
            // Looked at here and not before: a task that only prefers an executor gives way on its
            // way into this body, and an event may come meanwhile.
            if waiting.isEmpty { reader = continuation } else { continuation.resume(returning: waiting.removeFirst()) }
        }
    }

    var isEmpty: Bool { waiting.isEmpty }
}

extension Events where Event == Void {
    func send() { send(()) }
}

/// Both ends of one connection, each on `loop`, paused.
struct Connection {
    let client: ByteStream
    let server: ByteStream
}

enum Family: String, CaseIterable, Sendable {
    case tcp, unix
}

func connection(_ family: Family, on loop: EventLoop) async throws -> Connection {
    let directory = try TemporaryDirectory()
    let address: SocketAddress = family == .tcp ? .loopback(port: 0) : .unix(path: directory.path + "/socket")
    let accepted = Events<LoopBound<ByteStream>>()
    let listener = try StreamListener.listen(on: address, loop: loop) {
        accepted.send(LoopBound(confined: $0, on: loop))
    }
    let client = try await ByteStream.connect(to: listener.localAddress, on: loop, timeout: .seconds(30))
    let server = await accepted.next().value
    listener.close()
    return Connection(client: client, server: server)
}

extension ByteStream {
    /// Collects everything up to the peer's end of stream; the callbacks are the test's no longer.
    func readToEnd() async -> [UInt8] {
        let done = Events<Void>()
        let collected = Collector()
        onBytes = { collected.append($0) }
        onEnd = { done.send() }
        onClose = { _ in done.send() }
        resumeReading()
        await done.next()
        return collected.bytes
    }

    /// Collects `count` bytes, then pauses.
    func read(_ count: Int) async -> [UInt8] {
        let done = Events<Void>()
        let collected = Collector()
        onBytes = { [unowned self] in
            collected.append($0)
            if collected.bytes.count >= count {
                pauseReading()
                done.send()
            }
        }
        resumeReading()
        await done.next()
        return collected.bytes
    }

    /// Writes a pattern until the kernel takes no more and something is queued; the bytes written.
    func writeUntilQueued() -> [UInt8] {
        var count = 0
        let step = pattern(10_007)
        while isOpen && queuedBytes == 0 {
            write(step)
            count += step.count
        }
        return pattern(count)
    }

    /// Why it closes, for who waits. To be asked for before whatever closes it: a task gives way to the loop whenever it calls
    /// something asynchronous, and what happens meanwhile is told once.
    func closeReason() -> Events<EventLoopError?> {
        let closed = Events<EventLoopError?>()
        onClose = { closed.send($0 as? EventLoopError) }
        return closed
    }
}

final class Collector {
    private(set) var bytes: [UInt8] = []

    func append(_ span: borrowing Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}

/// Bytes in which loss and disorder both show: random, repeating at a prime length.
func pattern(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += patternPeriod.prefix(count - bytes.count) }
    return bytes
}

private let patternPeriod: [UInt8] = {
    var state: UInt32 = 0x9e37_79b9
    return (0..<10_007).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
}()

/// A new directory with a short name (Unix socket paths are short), removed at the end.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/credence-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
        try #require(made, "cannot make a temporary directory")
        path = unsafe template.withUnsafeBufferPointer { unsafe String(cString: $0.baseAddress!) }
    }

    deinit {
        for name in entries { _ = unsafe unlink(path + "/" + name) }
        _ = unsafe rmdir(path)
    }

    /// Names inside, sorted.
    var entries: [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Permission bits of a file, or nil.
func mode(of path: String) -> UInt32? {
    var information = stat()
    return unsafe stat(path, &information) == 0 ? information.st_mode & 0o7777 : nil
}
