import EventLoop
import Glibc
import Testing

@Suite("A listener", .timeLimit(.minutes(5)))
struct StreamListenerTests {
    @Test("on port 0 knows its real port")
    func realPort() async throws {
        try await onLoop { loop in
            let listener = try StreamListener.listen(on: .loopback(port: 0), loop: loop) { $0.close() }
            #expect(listener.localAddress.port != 0)
            let client = try await ByteStream.connect(to: listener.localAddress, on: loop, timeout: .seconds(30))
            #expect(client.peerAddress == listener.localAddress)
        }
    }

    @Test("on a port in use names the address", arguments: [false, true])
    func portInUse(firstShares: Bool) async throws {
        try await onLoop { loop in
            let first = try StreamListener.listen(
                on: .loopback(port: 0), loop: loop, options: ListenOptions(sharesPort: firstShares)) { $0.close() }
            let error = #expect(throws: EventLoopError.self) {
                _ = try StreamListener.listen(on: first.localAddress, loop: loop) { $0.close() }
            }
            #expect(error == .addressInUse(first.localAddress.description))
            #expect("\(try #require(error))".contains(first.localAddress.description))
        }
    }

    @Test("may share its port with another one on another loop, and both get connections")
    func sharedPort() async throws {
        let other = try EventLoop(name: "other")
        try await onLoop { loop in
            let arrivals = Events<Bool>()
            let box = LoopBound(confined: arrivals, on: loop)
            let options = ListenOptions(sharesPort: true)
            let first = try StreamListener.listen(on: .loopback(port: 0), loop: loop, options: options) {
                $0.close()
                arrivals.send(true)
            }
            let address = first.localAddress
            try await Task(executorPreference: other) {
                _ = try StreamListener.listen(on: address, loop: other, options: options) {
                    $0.close()
                    loop.execute { box.value.send(false) }
                }
            }.value
            // The kernel chooses by a hash with the client's port: 64 on one side has odds of 2^-63.
            var cameToFirst: Set<Bool> = []
            for _ in 0..<64 {
                let client = try await ByteStream.connect(to: address, on: loop, timeout: .seconds(30))
                cameToFirst.insert(await arrivals.next())
                client.close()
            }
            #expect(cameToFirst == [true, false])
        }
        other.shutdown()
        other.join()
    }

    @Test("may be closed from its own onAccept, and the accepted stream lives on")
    func closeInsideAccept() async throws {
        try await onLoop { loop in
            let accepted = Events<LoopBound<ByteStream>>()
            let holder = Holder()
            let listener = try StreamListener.listen(on: .loopback(port: 0), loop: loop) {
                holder.listener?.close()
                accepted.send(LoopBound(confined: $0, on: loop))
            }
            holder.listener = listener
            let client = try await ByteStream.connect(to: listener.localAddress, on: loop, timeout: .seconds(30))
            let server = await accepted.next().value
            server.write([5])
            #expect(await client.read(1) == [5])
            await #expect(throws: EventLoopError.connectionRefused(listener.localAddress.description)) {
                _ = try await ByteStream.connect(to: listener.localAddress, on: loop, timeout: .seconds(30))
            }
        }
    }

    @Test("needs an address of this machine")
    func foreignAddress() async throws {
        try await onLoop { loop in
            let foreign = try SocketAddress(parsing: "192.0.2.1:0")
            #expect(throws: EventLoopError.addressNotAvailable("192.0.2.1:0")) {
                _ = try StreamListener.listen(on: foreign, loop: loop) { $0.close() }
            }
        }
    }

    private final class Holder {
        var listener: StreamListener?
    }
}

@Suite("A Unix listener", .timeLimit(.minutes(5)))
struct UnixListenerTests {
    @Test("makes its file with exactly the mode asked for", arguments: [0o600, 0o660] as [UInt32])
    func fileMode(wanted: UInt32) async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            let listener = try listen(at: path, on: loop, mode: wanted)
            #expect(mode(of: path) == wanted)
            #expect(listener.localAddress == .unix(path: path))
        }
    }

    @Test("takes the place of a socket that nobody serves any more")
    func stale() async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            _ = try RawSocket(listeningAt: .unix(path: path), backlog: 1)
            #expect(directory.entries == ["s"])
            let listener = try listen(at: path, on: loop)
            let client = try await ByteStream.connect(to: listener.localAddress, on: loop, timeout: .seconds(30))
            #expect(client.isOpen)
        }
    }

    @Test("never takes the place of a socket that is served")
    func inUse() async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            let first = try listen(at: path, on: loop)
            #expect(throws: EventLoopError.addressInUse("unix:\(path)")) { _ = try listen(at: path, on: loop) }
            _ = try await ByteStream.connect(to: first.localAddress, on: loop, timeout: .seconds(30))
        }
    }

    @Test("never removes a file that is no socket, nor follows a link to one", arguments: [false, true])
    func otherFile(isLink: Bool) async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            let precious = isLink ? directory.path + "/precious" : path
            try PrivateFile.write([1, 2, 3], to: precious)
            if isLink { #expect(unsafe symlink(precious, path) == 0) }
            #expect(throws: EventLoopError.addressInUse("unix:\(path)")) { _ = try listen(at: path, on: loop) }
            #expect(try PrivateFile.read(precious, bytesMax: 3) == [1, 2, 3])
        }
    }

    @Test("takes its file away when closed, but not one that has replaced it")
    func fileRemoved() async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            try listen(at: path, on: loop).close()
            #expect(directory.entries.isEmpty)
            let second = try listen(at: path, on: loop)
            try PrivateFile.write([9], to: path)
            second.close()
            #expect(try PrivateFile.read(path, bytesMax: 1) == [9])
        }
    }

    @Test("takes its file away when its loop ends")
    func fileRemovedAtShutdown() async throws {
        let directory = try TemporaryDirectory()
        try await onLoop { loop in _ = try listen(at: directory.path + "/s", on: loop) }
        #expect(directory.entries.isEmpty)
    }

    @Test("refuses a path longer than the kernel's instead of serving another")
    func longPath() async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let room = SocketAddress.unixPathBytesMax - directory.path.utf8.count - 1
            let longest = directory.path + "/" + String(repeating: "a", count: room)
            _ = try listen(at: longest, on: loop)
            #expect(throws: EventLoopError.malformedAddress("unix:\(longest)a")) { _ = try listen(at: longest + "a", on: loop) }
            #expect(directory.entries.count == 1)
        }
    }

    @Test("tells who connected; TCP cannot")
    func credentials() async throws {
        try await onLoop { loop in
            let own = PeerCredentials(userID: geteuid(), groupID: getegid(), processID: getpid())
            let local = try await connection(.unix, on: loop)
            #expect(local.server.peerCredentials == own)
            let network = try await connection(.tcp, on: loop)
            #expect(network.server.peerCredentials == nil)
            local.server.close()
            #expect(local.server.peerCredentials == nil)
        }
    }

    @discardableResult
    private func listen(at path: String, on loop: EventLoop, mode: UInt32 = 0o600) throws(EventLoopError) -> StreamListener {
        try StreamListener.listen(on: .unix(path: path), loop: loop, options: ListenOptions(unixMode: mode)) { $0.close() }
    }
}
