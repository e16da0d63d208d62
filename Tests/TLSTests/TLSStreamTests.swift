import Crypto
import EventLoop
import TLS
import Testing

@Suite("TLS streams", .timeLimit(.minutes(5)))
struct TLSStreamTests {
    private let identity: TLSIdentity
    private let server: TLSContext
    private let client: TLSContext

    init() throws {
        identity = try TestIdentity.selfSigned("server")
        server = try .server(identity: identity, peerIdentity: nil, alpn: ["http/1.1"])
        client = try .pinning(identity, identity: identity, alpn: ["http/1.1"])
    }

    @Test("a megabyte is echoed, then both ends close cleanly")
    func echo() async throws {
        let sent = SecureRandom.bytes(1_000_000)
        let (clientSaw, serverSaw, received, certificates, name) = try await scenario { loop, finish in
            try connectedPair(on: loop) { [client, server] near, far in
                guard let near = try? TLSStream(over: near, context: client), let far = try? TLSStream(over: far, context: server) else { return }
                let (nearDiary, farDiary) = (Diary(), Diary())
                nearDiary.follow(near)
                farDiary.follow(far)
                var certificates: [Certificate] = []
                var name: String?
                far.onBytes = { [unowned far] span in
                    (certificates, name) = (far.peerCertificates, far.negotiatedProtocol)
                    far.write(span)
                }
                far.onEnd = { [unowned far] in
                    farDiary.entries.append("end")
                    far.closeAfterFlush()
                }
                far.onClose = { farDiary.closed($0) }
                near.onBytes = { [unowned near] span in
                    for index in span.indices { nearDiary.bytes.append(span[index]) }
                    if nearDiary.bytes.count == sent.count { near.shutdownWrite() }
                }
                near.onEnd = { [unowned near] in
                    nearDiary.entries.append("end")
                    near.close()
                }
                near.onClose = {
                    nearDiary.closed($0)
                    finish((nearDiary.entries, farDiary.entries, nearDiary.bytes, certificates, name))
                }
                let report = near.onHandshake
                near.onHandshake = { [unowned near] in
                    report?($0)
                    near.write(sent)
                }
                for stream in [far, near] {
                    stream.resumeReading()
                    stream.start()
                }
            }
        }
        #expect(received == sent)
        #expect(clientSaw == ["established", "end", "closed"])
        #expect(serverSaw == ["established", "end", "closed"])
        #expect(certificates == identity.chain)
        #expect(name == "http/1.1")
    }

    @Test("a wrong server is refused on one side and the alert read on the other, each exactly once")
    func refused() async throws {
        let wrong = try TLSContext.pinning(TestIdentity.selfSigned("other"), identity: identity)
        let entries: [String] = try await scenario { loop, finish in
            try connectedPair(on: loop) { [server] near, far in
                guard let near = try? TLSStream(over: near, context: wrong), let far = try? TLSStream(over: far, context: server) else { return }
                let (nearDiary, farDiary) = (Diary(), Diary())
                nearDiary.follow(near)
                farDiary.follow(far)
                var open = 2
                func closed() {
                    open -= 1
                    if open == 0 { finish(nearDiary.entries + farDiary.entries) }
                }
                near.onClose = { nearDiary.closed($0); closed() }
                far.onClose = { farDiary.closed($0); closed() }
                far.start()
                near.start()
            }
        }
        let refusal = TLSError.peerNotTrusted, alert = TLSError.alertReceived(42)
        #expect(entries == ["failed: \(refusal)", "closed: \(refusal)", "failed: \(alert)", "closed: \(alert)"])
    }

    @Test("text on the TLS port fails that connection, which is closed without an answer")
    func clearText() async throws {
        let (entries, answer): ([String], [UInt8]) = try await scenario { loop, finish in
            try connectedPair(on: loop) { [server] near, far in
                guard let far = try? TLSStream(over: far, context: server) else { return }
                let diary = Diary()
                diary.follow(far)
                far.onClose = { diary.closed($0) }
                far.start()
                var answer: [UInt8] = []
                near.onBytes = { span in for index in span.indices { answer.append(span[index]) } }
                near.onClose = { _ in finish((diary.entries, answer)) }
                near.resumeReading()
                near.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            }
        }
        let error = TLSError.protocolViolation(reason: "http request")
        #expect(entries == ["failed: \(error)", "closed: \(error)"])
        #expect(answer.isEmpty)
    }

    /// Both ends established, with diaries that follow the server.
    private func established(
        _ body: @escaping @Sendable (
            _ loop: EventLoop, _ rawNear: ByteStream, _ near: TLSStream, _ far: TLSStream, _ finish: @escaping @Sendable ([String]) -> Void
        ) -> Void
    ) async throws -> [String] {
        try await scenario { [client, server] loop, finish in
            try connectedPair(on: loop) { rawNear, rawFar in
                guard let near = try? TLSStream(over: rawNear, context: client), let far = try? TLSStream(over: rawFar, context: server) else {
                    return finish(["no session"])
                }
                far.onHandshake = { _ in body(loop, rawNear, near, far, finish) }
                far.start()
                near.start()
            }
        }
    }

    @Test("a connection cut without close_notify is a truncation")
    func truncation() async throws {
        let entries = try await established { _, rawNear, _, far, finish in
            let diary = Diary()
            diary.follow(far)
            far.onClose = {
                diary.closed($0)
                finish(diary.entries)
            }
            far.resumeReading()
            rawNear.close()
        }
        #expect(entries == ["closed: \(TLSError.truncated)"])
    }

    @Test("a cut during the handshake fails it")
    func cutHandshake() async throws {
        let entries: [String] = try await scenario { [server] loop, finish in
            try connectedPair(on: loop) { near, far in
                guard let far = try? TLSStream(over: far, context: server) else { return }
                let diary = Diary()
                diary.follow(far)
                far.onClose = {
                    diary.closed($0)
                    finish(diary.entries)
                }
                far.start()
                near.write([0x16, 3, 1])
                near.closeAfterFlush()
            }
        }
        #expect(entries == ["failed: \(TLSError.truncated)", "closed: \(TLSError.truncated)"])
    }

    @Test("a stream that is closed by its owner during the handshake reports only the close")
    func ownClose() async throws {
        let entries: [String] = try await scenario { [server] loop, finish in
            try connectedPair(on: loop) { _, far in
                guard let far = try? TLSStream(over: far, context: server) else { return }
                let diary = Diary()
                diary.follow(far)
                far.onClose = {
                    diary.closed($0)
                    finish(diary.entries)
                }
                far.start()
                far.close()
                far.write([1])
                far.close()
            }
        }
        #expect(entries == ["closed"])
    }

    @Test("a paused stream delivers nothing, and after resuming everything in order, also what was already decrypted")
    func backPressure() async throws {
        let sent = SecureRandom.bytes(300_000)
        let entries = try await established { loop, _, near, far, finish in
            var received: [UInt8] = []
            var isPaused = false
            var violations = 0
            far.onBytes = { [unowned far] span in
                if isPaused { violations += 1 }
                for index in span.indices { received.append(span[index]) }
                if received.count == sent.count {
                    return finish(["\(received == sent)", "violations \(violations)"])
                }
                // After every piece: the rest of what this read brought waits inside the session.
                isPaused = true
                far.pauseReading()
                let stream = LoopBound(confined: far, on: loop)
                let resume = LoopBound(confined: { isPaused = false }, on: loop)
                loop.execute {
                    resume.value()
                    stream.value.resumeReading()
                }
            }
            far.resumeReading()
            near.write(sent)
        }
        #expect(entries == ["true", "violations 0"])
    }

    @Test("writes inside one callback are collected, and leave after it")
    func coalescing() async throws {
        let entries = try await established { _, _, near, far, finish in
            var collected: [Int] = []
            far.onBytes = { [unowned far] _ in
                for _ in 0..<3 {
                    far.write([1, 2, 3])
                    collected.append(far.queuedBytes)
                }
            }
            var answered = 0
            near.onBytes = { [unowned far] span in
                answered += span.count
                if answered == 9 { finish(collected.map(String.init) + ["\(far.queuedBytes)"]) }
            }
            far.resumeReading()
            near.resumeReading()
            near.write([0])
        }
        // A record is its 5-byte header, 3 bytes, a type byte and a tag of 16.
        #expect(entries == ["25", "50", "75", "0"])
    }

    @Test("a peer that never reads ends the stream at the bound of its queue")
    func queueBound() async throws {
        let entries = try await established { _, _, _, far, finish in
            far.writeQueueBytesMax = 100_000
            far.onClose = { finish(["\($0.map { "\(type(of: $0))" } ?? "nil")", "\(far.isOpen)"]) }
            // More than any kernel's socket buffers take.
            for _ in 0..<400 where far.isOpen { far.write([UInt8](repeating: 0, count: 100_000)) }
        }
        #expect(entries == ["EventLoopError", "false"])
    }

    @Test("an established stream goes on, on another loop, with what it had received and not delivered", arguments: [1, 50_000])
    func handOver(count: Int) async throws {
        let second = try EventLoop(name: "tls-test-2")
        defer { second.shutdown() }
        let sent = SecureRandom.bytes(count)
        let (echoed, identities): ([UInt8], Bool) = try await scenario { [client, server, identity] loop, finish in
            try connectedPair(on: loop) { near, far in
                guard let near = try? TLSStream(over: near, context: client), let far = try? TLSStream(over: far, context: server) else { return }
                far.onHandshake = { [unowned far] _ in
                    let expected = LoopBound(confined: near, on: loop)
                    guard let detached = try? far.detach() else { return finish(([], false)) }
                    second.execute {
                        guard let moved = try? TLSStream.adopt(detached, on: second) else { return }
                        moved.onBytes = { [unowned moved] in moved.write($0) }
                        let matches = moved.peerCertificates == identity.chain && moved.isEstablished
                        moved.resumeReading()
                        loop.execute { watch(expected.value, matches) }
                        // A second taker gets nothing.
                        if (try? TLSStream.adopt(detached, on: second)) != nil { moved.close() }
                    }
                }
                far.onClose = { _ in finish(([], false)) }
                @Sendable func watch(_ near: TLSStream, _ matches: Bool) {
                    var echoed: [UInt8] = []
                    near.onBytes = { span in
                        for index in span.indices { echoed.append(span[index]) }
                        if echoed.count == sent.count { finish((echoed, matches)) }
                    }
                    near.resumeReading()
                }
                // In the same flight as the end of the handshake, so that the first loop receives it.
                near.onHandshake = { [unowned near] _ in near.write(sent) }
                far.resumeReading()
                far.start()
                near.start()
            }
        }
        #expect(echoed == sent)
        #expect(identities)
    }
}
