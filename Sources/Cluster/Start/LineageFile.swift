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
    /// Why no run from this directory may take part ever again.
    private(set) var fenceReason: String?

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
            fenceReason = try reader.optionalString("fenced")
            try reader.finish()
        } catch {
            throw .fileUnreadable(path: path, reason: "\(error)")
        }
    }

    /// Durable when this returns.
    func write() throws(FileError) {
        var object: JSONObject = ["counter": .string(String(counter)), "peers": peers.json]
        object["fenced"] = fenceReason.map(JSON.string)
        try PrivateFile.write(JSON.object(object).encoded(), to: path)
    }

    mutating func grow() { counter += 1 }

    mutating func fence(_ reason: String) { fenceReason = fenceReason ?? reason }

    /// `file`, an earlier value of this one, is on disk.
    mutating func wrote(_ file: LineageFile) { durableCounter = max(durableCounter, file.counter) }
}
