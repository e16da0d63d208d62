import Glibc
import Subprocess
import Testing

extension ClusterTests {
    @Suite("As a service")
    struct ServiceTests {
        @Test("the service manager hears when a member serves, that it goes on, and that it stops")
        func notifies() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            let inbox = try NotifySocket("\(cluster.directory)/notify")
            do {
                let server = try await Server.start(
                    cluster.foundingArguments(of: member), log: member.log,
                    environment: ["NOTIFY_SOCKET": inbox.path, "WATCHDOG_USEC": "400000"])
                let first = try await eventually("a message") { inbox.next() }
                #expect(first.split(separator: "\n").first == "READY=1", "\(first)")
                #expect(first.contains("STATUS=m1 serves on 127.0.0.1:\(member.port)"), "\(first)")
                #expect(try await member.callLocally("GET", "/healthz").status == 200, "it serves when it says so")
                for _ in 0..<3 {
                    let next = try await eventually("the watchdog is fed") { inbox.next() }
                    #expect(next.hasPrefix("WATCHDOG=1"), "\(next)")
                }
                // A process that makes no progress feeds nobody.
                server.send(.suspend)
                _ = try await eventually("the process stands still") { Files.text("/proc/\(server.processID)/stat").contains(") T ") ? true : nil }
                while inbox.next() != nil {}
                #expect(inbox.wait(milliseconds: 1_000) == nil)
                server.send(.resume)
                #expect(try await eventually("the watchdog is fed again") { inbox.next() }.hasPrefix("WATCHDOG=1"))

                let status = try await server.end(by: .terminate)
                #expect(status == .exited(0))
                var last: [String] = []
                while let message = inbox.next() { last.append(message) }
                #expect(last.contains { $0.hasPrefix("STOPPING=1\nSTATUS=") }, "\(last)")
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }

        @Test("SIGHUP takes up the level of the log, names what waits for a restart, and a wrong configuration changes nothing")
        func reload() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            let configuration = "\(cluster.directory)/c.yaml"
            func write(_ more: String) throws { try Files.write("encrypt-keystore: false\ndisk-reserve: 1\n\(more)", to: configuration) }
            do {
                try write("log-level: info\n")
                let server = try await Server.start(
                    member.serveArguments(["--config", configuration, "--save-token", cluster.adminTokenFile]), log: member.log)
                _ = try await eventually("m1 is ready") { try await member.isReady() ? true : nil }
                #expect(!Files.text(member.log).contains(" debug "))
                try write("log-level: debug\nlog-keep: 77\n")
                server.send(.terminalClosed)
                _ = try await eventually("the options were read again") { Files.text(member.log).contains("restart_for=log-keep") ? true : nil }
                _ = try await member.callLocally("GET", "/1.0")
                _ = try await eventually("the log is more talkative") { Files.text(member.log).contains(" debug ") ? true : nil }
                try write("log-level: loud\n")
                server.send(.terminalClosed)
                _ = try await eventually("what is wrong is said") { Files.text(member.log).contains("nothing was changed") ? true : nil }
                #expect(try await member.isReady())
                #expect(try await server.end(by: .terminate) == .exited(0))
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }

        @Test("SIGHUP ends no member that has yet to be told whom to join, and is acted on once it serves")
        func reloadWhileStarting() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = try await cluster.newMember("m2")
                let token = try await cluster.joinToken(for: "m2", madeOn: cluster[0])
                let pipe = "\(cluster.directory)/token"
                let made = unsafe mkfifo(pipe, 0o600)
                // For both ways, so that nobody waits for the other end.
                let end = unsafe open(pipe, O_RDWR | O_CLOEXEC)
                try #require(made == 0 && end >= 0)
                let server = try await Server.start(
                    ["-c", #"exec "$0" "$@" <"$TOKEN_PIPE""#, Binary.path]
                        + member.serveArguments(cluster.keystoreArguments + TestCluster.reserveArguments + ["--join", "-"]),
                    log: member.log, binary: "sh", environment: ["TOKEN_PIPE": pipe])
                do {
                    _ = try await eventually("SIGHUP is caught") { server.catches(SIGHUP) ? true : nil }
                    kill(server.processID, SIGHUP)
                    let bytes = Array("\(token)\n".utf8)
                    let count = unsafe write(end, bytes, bytes.count)
                    #expect(count == bytes.count)
                    _ = close(end)
                    _ = try await eventually("the options were read again") {
                        guard server.isRunning else { throw TestFailure("m2 ended\n\(Files.tail(member.log))") }
                        return Files.text(member.log).contains("the options were read again") ? true : nil
                    }
                    _ = try await eventually("m2 is ready") { try await member.isReady() ? true : nil }
                    #expect(try await server.end(by: .terminate) == .exited(0))
                } catch {
                    _ = try? await server.end(by: .kill)
                    throw error
                }
            }
        }

        @Test("SIGHUP ends no member that finishes what is under way")
        func reloadWhileStopping() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            let inbox = try NotifySocket("\(cluster.directory)/notify")
            do {
                let server = try await Server.start(
                    cluster.foundingArguments(of: member), log: member.log,
                    environment: ["NOTIFY_SOCKET": inbox.path])
                _ = try await eventually("m1 serves") { inbox.next() }
                let request = try HalfRequest(to: member.socket)
                // Its connection was accepted after the other, so the half request is under way.
                #expect(try await member.callLocally("GET", "/healthz").status == 200)
                server.send(.terminate)
                _ = try await eventually("m1 stops") { inbox.next().flatMap { $0.hasPrefix("STOPPING=1") ? true : nil } }
                kill(server.processID, SIGHUP)
                request.end()
                #expect(try await server.waitForEnd() == .exited(0))
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }

        @Test("root outside the PID namespace that a member runs in is its operator all the same", .enabled("only root can make a namespace") { geteuid() == 0 })
        func otherNamespace() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            do {
                let server = try await Server.start(
                    ["--pid", "--fork", "--kill-child", Binary.path]
                        + cluster.foundingArguments(of: member),
                    log: member.log, binary: "unshare")
                _ = try await eventually("m1 is ready") { try await member.isReady() ? true : nil }
                let asked = try await member.operate("cluster", "status")
                #expect(asked.exitCode == 0, "\(asked.transcript)")
                _ = try await server.end(by: .kill)
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }

        @Test("without a service manager, and with one that is not there, a member serves all the same", arguments: [nil, "/nonexistent/notify", "nonsense"])
        func nobodyListens(socket: String?) async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            do {
                let server = try await Server.start(
                    cluster.foundingArguments(of: member), log: member.log,
                    environment: ["NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "400000"])
                _ = try await eventually("m1 is ready") { try await member.isReady() ? true : nil }
                #expect(try await server.end(by: .terminate) == .exited(0))
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }

        @Test("a configuration file alone starts a member")
        func configuration() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            let path = "\(cluster.directory)/credence.yaml"
            try Files.write(
                """
                # of a test
                data: \(member.data)
                name: m1
                listen: "\(member.address)"
                encrypt-keystore: false
                disk-reserve: 1
                """, to: path)
            do {
                let server = try await Server.start(["serve", "--config", path, "--save-token", cluster.adminTokenFile], log: member.log)
                _ = try await eventually("m1 is ready") { try await member.isReady() ? true : nil }
                #expect(try await server.end(by: .terminate) == .exited(0))
                try Files.write("data: \(member.data)\nlisten: [::]:1\n", to: path)
                let refused = try await Command.run(Binary.path, ["serve", "--config", path])
                #expect(refused.exitCode == 2 && refused.errorOutput.contains("line 2"), "\(refused.transcript)")
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }
    }
}

extension Server {
    /// Whether the process does with the signal what it wants, and not what is usual.
    fileprivate func catches(_ signal: Int32) -> Bool {
        let line = Files.text("/proc/\(processID)/status").split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        let mask = line.flatMap { UInt64($0.dropFirst("SigCgt:".count).drop(while: \.isWhitespace), radix: 16) } ?? 0
        return mask >> (signal - 1) & 1 == 1
    }
}

/// A client on a member's Unix socket that announces a body and does not send it.
private final class HalfRequest {
    private let descriptor: Int32

    init(to path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let status = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        let text = Array("POST /1.0/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n".utf8)
        guard status == 0, unsafe send(descriptor, text, text.count, Int32(MSG_NOSIGNAL)) == text.count else {
            throw TestFailure("\(path) does not take a request")
        }
    }

    func end() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { _ = close(descriptor) }
}

/// What systemd listens on for a unit of Type=notify.
final class NotifySocket: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let status = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard status == 0 else { throw TestFailure("\(path) cannot be bound") }
    }

    deinit { _ = close(descriptor) }

    /// Nil when nothing is waiting.
    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// The next message, or nil when none comes for so long.
    func wait(milliseconds: Int32) -> String? {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wanted, 1, milliseconds) > 0 ? next() : nil
    }
}
