import FoundationEssentials
import JOSE
import Subprocess

/// Real members on loopback, with their data below one temporary folder. Made by `withCluster`, which also ends it.
actor TestCluster {
    enum Keystore: Sendable { case openKeyFile, passphrase(String) }

    nonisolated let directory: String
    nonisolated let keystore: Keystore
    private(set) var members: [Member] = []
    private(set) var adminToken = ""
    private var servers: [String: Server] = [:]

    nonisolated var adminTokenFile: String { "\(directory)/admin.token" }
    private nonisolated var passphraseFile: String { "\(directory)/passphrase" }

    init(keystore: Keystore) throws {
        self.keystore = keystore
        directory = "/tmp/credence-test-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        if case .passphrase(let text) = keystore {
            try Data(text.utf8).write(to: URL(filePath: passphraseFile))
        }
    }

    subscript(index: Int) -> Member { members[index] }

    /// As talkative as can be: what must not reach a log is searched for in these.
    static let logArguments = ["--log-level", "trace"]

    /// Scans of every file would take long with the usual size.
    static let reserveArguments = ["--disk-reserve", "1"]

    nonisolated var keystoreArguments: [String] {
        switch keystore {
        case .openKeyFile: ["--encrypt-keystore", "false"]
        case .passphrase: ["--keystore-passphrase-file", passphraseFile]
        }
    }
}

// MARK: - Starting and ending members

extension TestCluster {
    /// A member that no process serves yet.
    func newMember(_ name: String) async throws -> Member {
        Member(name: name, port: try await FreePorts.take(), directory: directory)
    }

    /// For tests that start the founder in a way of their own.
    nonisolated func foundingArguments(of member: Member) -> [String] {
        member.serveArguments(keystoreArguments + Self.reserveArguments + ["--save-token", adminTokenFile])
    }

    func found(_ name: String, arguments: [String] = []) async throws {
        let member = try await newMember(name)
        members.append(member)
        try await start(member, arguments: ["--save-token", adminTokenFile] + arguments)
        adminToken = try String(decoding: Data(contentsOf: URL(filePath: adminTokenFile)), as: UTF8.self)
            .trimmingSuffix(while: \.isNewline).description
    }

    @discardableResult
    func join(_ name: String, with token: String, arguments: [String] = []) async throws -> Member {
        let member = try await newMember(name)
        members.append(member)
        try await start(member, arguments: ["--join", token] + arguments)
        return member
    }

    /// Starts the member's process and waits until it would vouch for tokens.
    func start(_ member: Member, arguments: [String] = [], binary: String = Binary.path) async throws {
        try await launch(member, arguments: arguments, binary: binary)
        try await awaitReady(member)
    }

    /// Starts the member's process and does not wait: alone, a member of three never becomes ready.
    func launch(
        _ member: Member, arguments: [String] = [], binary: String = Binary.path, environment: [String: String?] = [:]
    ) async throws {
        servers[member.name] = try await Server.start(
            member.serveArguments(keystoreArguments + Self.logArguments + Self.reserveArguments + arguments), log: member.log, binary: binary,
            environment: environment)
    }

    func awaitReady(_ member: Member) async throws {
        let server = servers[member.name]
        do {
            _ = try await eventually("\(member.name) is ready") {
                guard server?.isRunning == true else { throw TestFailure("\(member.name) ended before it was ready") }
                return try await member.isReady() ? true : nil
            }
        } catch {
            throw TestFailure("\(error)\n\(Files.tail(member.log))")
        }
    }

    /// What power loss is to a process: nothing is flushed, nobody is told.
    func kill(_ member: Member) async throws {
        _ = try await end(member, by: .kill)
    }

    func end(_ member: Member, by signal: Signal) async throws -> TerminationStatus {
        guard let server = servers.removeValue(forKey: member.name) else {
            throw TestFailure("\(member.name) does not run")
        }
        return try await server.end(by: signal)
    }

    /// Stops the process in its tracks, as a suspended machine would be, until `resume`.
    func suspend(_ member: Member) throws {
        guard let server = servers[member.name] else { throw TestFailure("\(member.name) does not run") }
        server.send(.suspend)
    }

    func resume(_ member: Member) throws {
        guard let server = servers[member.name] else { throw TestFailure("\(member.name) does not run") }
        server.send(.resume)
    }

    /// The most memory that the member's process has had so far.
    func memoryPeakMebibytes(of member: Member) throws -> Int {
        guard let server = servers[member.name] else { throw TestFailure("\(member.name) does not run") }
        let line = Files.text("/proc/\(server.processID)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kibibytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) }) else {
            throw TestFailure("\(member.name) has no peak of memory")
        }
        return kibibytes / 1024
    }

    func endAll() async {
        for server in servers.values { _ = try? await server.end(by: .kill) }
        servers = [:]
        if ProcessInfo.processInfo.environment["CREDENCE_KEEP_TEST_DATA"] == nil {
            try? FileManager.default.removeItem(atPath: directory)
        }
    }
}

// MARK: - What the members say of each other

extension TestCluster {
    func joinToken(for name: String, madeOn member: Member) async throws -> String {
        let added = try await member.operate("cluster", "add", name, "--format", "json")
        guard added.exitCode == 0, let token = (try? JSON(parsing: added.output))?["token"]?.stringValue else {
            throw TestFailure("no join token from \(member.name): \(added.transcript)")
        }
        return token
    }

    /// The member that this one takes for the leader.
    nonisolated func leader(accordingTo member: Member, of members: [Member]) async throws -> Member {
        try await eventually("\(member.name) knows the leader") {
            let status = try await member.callLocally("GET", "/1.0/cluster/status").metadata
            let entry = status["members"]?.arrayValue?.first { $0["leader"]?.boolValue == true }
            return members.first { $0.name == entry?["name"]?.stringValue }
        }
    }

    /// Until all vote (at most three do), losing one member could be losing the majority.
    nonisolated func awaitVoters(_ count: Int, accordingTo member: Member) async throws {
        var seen = Answer(status: 0, fields: [:], body: "")
        do {
            _ = try await eventually("\(count) vote") {
                seen = try await member.callLocally("GET", "/1.0/cluster/status")
                let voters = (seen.metadata["members"]?.arrayValue ?? []).count { $0["role"]?.stringValue == "voter" }
                return voters == count ? true : nil
            }
        } catch {
            throw TestFailure("\(error): \(seen.body)\n\(Files.tail(member.log))")
        }
    }
}

/// A running cluster for the length of `body`; whatever happens, its processes end and its files go.
/// `firstArguments` are for the member that founds it.
func withCluster(
    _ names: [String] = ["m1", "m2", "m3"], keystore: TestCluster.Keystore = .openKeyFile, arguments: [String] = [],
    firstArguments: [String] = [],
    _ body: (TestCluster) async throws -> Void
) async throws {
    let cluster = try TestCluster(keystore: keystore)
    do {
        try await cluster.found(names[0], arguments: arguments + firstArguments)
        let first = await cluster[0]
        for name in names.dropFirst() {
            try await cluster.join(name, with: cluster.joinToken(for: name, madeOn: first), arguments: arguments)
        }
        try await cluster.awaitVoters(min(names.count, 3), accordingTo: first)
        try await body(cluster)
    } catch {
        await cluster.endAll()
        throw error
    }
    await cluster.endAll()
}
