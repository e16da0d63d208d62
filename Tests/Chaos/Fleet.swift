import Foundation
import JOSE

/// Real members: their processes, their directories, their network. Of one thread; clients know only the sockets.
final class Fleet {
    let binary: String
    let directory: String
    let network: TestNetwork?
    private(set) var names: [String] = []
    private var processes: [Int: Process] = [:]
    private(set) var mounts: [String] = []
    /// Members whose process ended although nobody here ended it, and how.
    private(set) var unexpectedExits: [String] = []
    static let fakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

    init(binary: String, directory: String, network: TestNetwork?) throws {
        self.binary = binary
        self.directory = directory
        self.network = network
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    func data(_ slot: Int) -> String { "\(directory)/\(names[slot])" }
    func socket(_ slot: Int) -> String { "\(data(slot))/credence.sock" }
    var sockets: [String] { names.indices.map(socket) }
    func log(_ slot: Int) -> String { "\(directory)/\(names[slot]).log" }
    func client(_ slot: Int) -> UnixHTTPClient { UnixHTTPClient(socket: socket(slot)) }

    private func address(_ slot: Int) -> String {
        network.map { "\($0.address(slot)):8443" } ?? "127.0.0.1:\(28_500 + slot + Int(getpid() % 50) * 10)"
    }

    // MARK: - Making

    /// - Parameter smallDisk: the member's directory is a file system of this many MiB, so that it can be filled.
    func add(smallDisk: Int? = nil, arguments: [String] = []) throws {
        let slot = names.count
        names.append("m\(slot + 1)")
        if let smallDisk {
            try FileManager.default.createDirectory(atPath: data(slot), withIntermediateDirectories: true)
            try Shell.run("mount -t tmpfs -o size=\(smallDisk)m tmpfs \(data(slot))")
            mounts.append(data(slot))
        }
        guard slot > 0 else {
            try start(slot, arguments: ["--save-token", "\(directory)/admin.token"] + arguments)
            return try awaitReady(slot)
        }
        let token = try operate(0, "cluster", "add", names[slot]).trimmingCharacters(in: .whitespacesAndNewlines)
        try start(slot, arguments: ["--join", token] + arguments)
        try awaitReady(slot)
    }

    /// Joins one more and does not wait for it.
    func addWithoutWaiting() throws {
        names.append("m\(names.count + 1)")
        let slot = names.count - 1
        let token = try operate(0, "cluster", "add", names[slot]).trimmingCharacters(in: .whitespacesAndNewlines)
        try start(slot, arguments: ["--join", token])
    }

    /// The command line, against this member.
    func operate(_ slot: Int, _ arguments: String...) throws -> String {
        let process = Process(), output = Pipe()
        process.executableURL = URL(filePath: binary)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["CREDENCE_ADDRESS": "unix:\(socket(slot))"]) { $1 }
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ChaosError(description: "\(arguments) on \(names[slot]) failed: \(text)") }
        return text
    }

    func start(_ slot: Int, arguments: [String] = [], clockOffset: String? = nil) throws {
        var command = ["serve", "--data", data(slot), "--name", names[slot], "--listen", address(slot), "--encrypt-keystore", "false"]
        command = [binary] + command + arguments
        if let network { command = ["ip", "netns", "exec", network.namespace(slot)] + command }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        var environment = ProcessInfo.processInfo.environment
        if let clockOffset {
            // The wall clock alone: the promise rests on the clock since boot.
            environment.merge(["LD_PRELOAD": Self.fakeTime, "FAKETIME": clockOffset, "DONT_FAKE_MONOTONIC": "1"]) { $1 }
        }
        process.environment = environment
        if !FileManager.default.fileExists(atPath: log(slot)) { _ = FileManager.default.createFile(atPath: log(slot), contents: nil) }
        let file = try FileHandle(forWritingTo: URL(filePath: log(slot)))
        try file.seekToEnd()
        process.standardOutput = file
        process.standardError = file
        process.standardInput = FileHandle.nullDevice
        try process.run()
        processes[slot] = process
    }

    // MARK: - Ending

    func isRunning(_ slot: Int) -> Bool { processes[slot]?.isRunning ?? false }

    func signal(_ slot: Int, _ number: Int32) {
        if let process = processes[slot], process.isRunning { kill(process.processIdentifier, number) }
    }

    func end(_ slot: Int, by number: Int32) {
        noteUnexpectedExit(of: slot)
        signal(slot, number)
        processes[slot]?.waitUntilExit()
        processes[slot] = nil
    }

    /// A process that is still known here was not ended here.
    func noteUnexpectedExit(of slot: Int) {
        guard let process = processes[slot], !process.isRunning else { return }
        let how = process.terminationReason == .uncaughtSignal ? "signal" : "status"
        unexpectedExits.append("\(names[slot]) ended by itself, \(how) \(process.terminationStatus); see \(log(slot))")
        processes[slot] = nil
    }

    /// All at the same moment, so that the last ones do not go on without the first.
    func endAll() {
        let slots = Array(processes.keys)
        for slot in slots { noteUnexpectedExit(of: slot) }
        for slot in slots { signal(slot, SIGTERM) }
        for slot in slots { processes.removeValue(forKey: slot)?.waitUntilExit() }
    }

    func remove(keepingFiles: Bool) {
        for slot in Array(processes.keys) {
            signal(slot, SIGCONT)
            end(slot, by: SIGKILL)
        }
        network?.remove()
        for mount in mounts { _ = try? Shell.run("umount \(mount)", checked: false) }
        if !keepingFiles { try? FileManager.default.removeItem(atPath: directory) }
    }

    // MARK: - Asking

    /// Of the state on disk, in bytes.
    func size(_ slot: Int) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: "\(data(slot))/state.db")[.size] as? Int) ?? 0
    }

    func isReady(_ slot: Int) -> Bool { client(slot).call("GET", "/readyz", seconds: 1)?.status == 200 }

    func awaitReady(_ slot: Int, seconds: Double = 120) throws {
        let deadline = Clock.now() + UInt64(seconds * 1e9)
        while Clock.now() < deadline {
            if isReady(slot) { return }
            guard isRunning(slot) else { throw ChaosError(description: "\(names[slot]) ended; see \(log(slot))") }
            Clock.pause(seconds: 0.02)
        }
        throw ChaosError(description: "\(names[slot]) is not ready after \(seconds) s; see \(log(slot))")
    }

    /// Ready, and by a state that was proven current after `moment`. A member that was cut off for less than
    /// max_staleness never stopped being ready, and may yet become stale before its links are up again.
    func awaitProof(_ slot: Int, since moment: UInt64) throws {
        try awaitReady(slot)
        let deadline = Clock.now() + 120_000_000_000
        while Clock.now() < deadline {
            let asked = Clock.now()
            let answer = client(slot).call("POST", "/1.0/tokens/verify", ["token": "none"], seconds: 1)?.metadata
            if let age = answer?["age_ms"]?.integerValue, asked > moment + UInt64(clamping: age + 1) * 1_000_000 { return }
            Clock.pause(seconds: 0.02)
        }
        throw ChaosError(description: "\(names[slot]) could not prove its state current within 120 s; see \(log(slot))")
    }

    /// As the first member that answers sees it.
    func leader(askedOf slots: [Int]) -> Int? {
        for slot in slots {
            let members = client(slot).call("GET", "/1.0/cluster/status", seconds: 1)?.metadata["members"]?.arrayValue ?? []
            let name = members.first { $0["leader"]?.boolValue == true }?["name"]?.stringValue
            if let name, let found = names.firstIndex(of: name) { return found }
        }
        return nil
    }

    /// nil from one that does not answer.
    func appliedIndex(_ slot: Int) -> Int64? {
        client(slot).call("GET", "/1.0/cluster/status", seconds: 5)?.metadata["applied_index"]?.integerValue
    }

    /// Nothing is being written any more: everybody gets to the same place in the log.
    func awaitEqualIndexes(seconds: Double = 60) throws {
        let deadline = Clock.now() + UInt64(seconds * 1e9)
        while true {
            let indexes = names.indices.map(appliedIndex)
            if Set(indexes).count == 1, indexes[0] != nil { return }
            guard Clock.now() < deadline else {
                throw ChaosError(description: "after \(Int(seconds)) s members are still at \(indexes.map { $0 ?? -1 })")
            }
            Clock.pause(seconds: 0.1)
        }
    }

    func voters(askedOf slot: Int) -> Int {
        let members = client(slot).call("GET", "/1.0/cluster/status", seconds: 1)?.metadata["members"]?.arrayValue ?? []
        return members.count { $0["role"]?.stringValue == "voter" }
    }
}
