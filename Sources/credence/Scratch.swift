import Crypto

/// A file that a command makes, works on with SQLite and removes again, also when a signal ends it: what is in it may be all that a
/// cluster knows.
enum Scratch {
    /// - Parameter work: given a path in a folder of its own that no other user can enter. What SQLite puts beside it goes too.
    static func with<Value, Failure: Error>(
        _ work: (String) throws(Failure) -> Value
    ) throws(CommandFailure) -> Result<Value, Failure> {
        let folder = "\(Terminal.environment("TMPDIR") ?? "/tmp")/credence-\(Hex.encode(SecureRandom.bytes(8)))"
        let path = "\(folder)/state.db"
        let files = ["", "-journal", "-wal", "-shm"].map { path + $0 }
        Terminal.removeOnSignal(files + [folder])
        guard Terminal.makeFolder(folder) else { throw .refused("\(folder) cannot be made; set TMPDIR to a folder that is there and writable") }
        defer {
            for file in files { Terminal.remove(file) }
            Terminal.removeFolder(folder)
        }
        do throws(Failure) { return .success(try work(path)) } catch { return .failure(error) }
    }
}
