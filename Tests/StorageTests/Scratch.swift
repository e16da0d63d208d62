import Crypto
import Glibc
import Raft
import Storage
import TrustStore

/// A directory of one test's own, gone when the test is.
final class Scratch {
    let path: String

    init() {
        path = "/tmp/credence-storage-\(Hex.encode(SecureRandom.bytes(8)))"
        precondition(unsafe mkdir(path, 0o700) == 0)
    }

    deinit {
        for name in names(in: "snapshots") { unsafe unlink(file("snapshots/\(name)")) }
        unsafe rmdir(file("snapshots"))
        for name in names() { unsafe unlink(file(name)) }
        unsafe rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func names(in folder: String? = nil) -> [String] {
        guard let directory = unsafe opendir(folder.map(file) ?? path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What a power cut or kill would leave: the files as they are now, without asking SQLite.
    func copy(_ names: [String], to other: Scratch) {
        for name in names where names.contains(name) {
            guard exists(name) else { continue }
            other.write(name, read(name))
        }
    }

    func exists(_ name: String) -> Bool { unsafe access(file(name), F_OK) == 0 }

    func read(_ name: String) -> [UInt8] {
        let descriptor = unsafe open(file(name), O_RDONLY)
        precondition(descriptor >= 0)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            precondition(count >= 0)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    func write(_ name: String, _ bytes: [UInt8]) {
        let descriptor = unsafe open(file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0)
        defer { close(descriptor) }
        precondition(unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    func remove(_ name: String) { unsafe unlink(file(name)) }

    func mode(_ name: String) -> UInt32 {
        var information = stat()
        precondition(unsafe stat(file(name), &information) == 0)
        return information.st_mode & 0o777
    }

    func setMode(_ name: String, _ mode: UInt32) {
        precondition(unsafe chmod(file(name), mode) == 0)
    }
}

enum Samples {
    static let identity = StoreIdentity(clusterID: String(repeating: "c", count: 32), memberID: member(1))

    static func member(_ number: UInt64) -> MemberID { MemberID(high: 0xABCD, low: number) }

    static func entry(_ index: UInt64, term: UInt64 = 1, _ payload: String = "payload") -> Entry {
        Entry(index: LogIndex(index), term: Term(term), kind: .command, payload: Array("\(payload)-\(index)".utf8))
    }

    static func entries(_ range: ClosedRange<UInt64>, term: UInt64 = 1, _ payload: String = "payload") -> [Entry] {
        range.map { entry($0, term: term, payload) }
    }

    static func configuration(_ index: UInt64, term: UInt64 = 1, voters: [UInt64]) -> Entry {
        Entry(
            index: LogIndex(index), term: Term(term), kind: .configuration,
            payload: Configuration(voters: voters.map(member)).encoded())
    }
}

extension AppliedPoint {
    /// Chain and digest are made from the position, so that two points differ in them too.
    static func at(_ index: UInt64, term: UInt64, voters: [UInt64] = [1]) -> AppliedPoint {
        AppliedPoint(
            position: LogPosition(term: Term(term), index: LogIndex(index)), chain: SHA256.hash([1, UInt8(truncatingIfNeeded: index)]),
            configuration: Configuration(voters: voters.map(Samples.member)), effects: SHA256.hash([2, UInt8(truncatingIfNeeded: index)]))
    }
}

extension StateStore {
    func apply(_ changes: [StateChange], through index: LogIndex, term: Term) throws(StorageError) {
        try apply(changes, through: .at(index.rawValue, term: term.rawValue))
    }
}

extension LogStore {
    /// Everything in the log, checked again on the way.
    func all() throws -> [Entry] { try entries(from: LogIndex(1), through: .max, bytesMax: .max) }
}
