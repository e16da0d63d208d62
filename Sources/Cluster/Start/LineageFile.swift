import EventLoop
import JOSE
import Raft

/// `lineage.json`: this directory's own counter, and the newest that was seen of others. Replaced whole.
struct LineageFile: Sendable {
    static let bytesMax = 512 * 1024

    let path: String
    private(set) var counter: UInt64 = 0
    /// The newest counter that the disk is known to hold; only this one may be said.
    private(set) var durableCounter: UInt64 = 0
    var peers = PeerLineages()

    /// A directory without the file begins at zero.
    init(path: String) throws(StartError) {
        self.path = path
        guard PrivateFile.exists(path) else { return }
        do {
            var reader = try JSONObjectReader(JSON(parsing: try PrivateFile.read(path, bytesMax: Self.bytesMax)))
            guard let counter = UInt64(try reader.string("counter")) else { throw reader.error("counter", "must be a number") }
            self.counter = counter
            durableCounter = counter
            peers = try PeerLineages(.array(try reader.array("peers", max: PeerLineages.countMax)))
            try reader.finish()
        } catch {
            throw .fileUnreadable(path: path, reason: "\(error)")
        }
    }

    /// Durable when this returns.
    func write() throws(FileError) {
        let json: JSON = ["counter": .string(String(counter)), "peers": peers.json]
        try PrivateFile.write(json.encoded(), to: path)
    }

    mutating func grow() { counter += 1 }

    /// `file`, an earlier value of this one, is on disk.
    mutating func wrote(_ file: LineageFile) { durableCounter = max(durableCounter, file.counter) }
}
