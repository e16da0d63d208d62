import JOSE
import Raft
import Testing

@testable import Cluster

@Suite("What a member's directory says of it")
struct MemberFileTests {
    private func file(_ peers: [MemberFile.Peer]) -> MemberFile {
        MemberFile(
            phase: .ready, clusterID: String(repeating: "c", count: 32), memberID: MemberID(high: 1, low: 2), name: "n1", certificate: [1], caCertificate: [2],
            peers: peers)
    }

    /// All of one length, with as many addresses of as many bytes as a member may have.
    private func peers(_ count: Int, addresses: Int = 16) -> [MemberFile.Peer] {
        (0..<count).map { number in
            MemberFile.Peer(
                id: MemberID(high: 7, low: UInt64(number)), name: "n\(10_000 + number)",
                addresses: (0..<addresses).map { String(repeating: "a", count: 290) + "\(10 + $0):8443" }, publicKey: [UInt8](repeating: 3, count: 91))
        }
    }

    private func read(_ file: MemberFile) throws -> MemberFile {
        let bytes = file.json.encoded()
        #expect(bytes.count <= MemberFile.bytesMax, "a start reads no more")
        return try MemberFile(JSON(parsing: bytes))
    }

    @Test("every peer with every address comes back, up to the last that has room")
    func whole() throws {
        let room = MemberFile.bytesMax - file([]).json.encoded().count
        let fitting = room / (peers(1)[0].json.encoded().count + 1)
        #expect(try read(file(peers(fitting))) == file(peers(fitting)))
        // One more, and each keeps one address.
        #expect(try read(file(peers(fitting + 1))) == file(peers(fitting + 1, addresses: 1)))
    }

    @Test("of more peers than have room with one address the first are kept, and the file can be read")
    func many() throws {
        let kept = try read(file(peers(MemberFile.Peer.countMax))).peers
        #expect(kept.count > 400 && kept == Array(peers(MemberFile.Peer.countMax, addresses: 1).prefix(kept.count)))
    }

    @Test("no more peers are written than are read")
    func count() throws {
        let small = (0...MemberFile.Peer.countMax).map {
            MemberFile.Peer(id: MemberID(high: 7, low: UInt64($0)), name: "n", addresses: ["a:1"], publicKey: [3])
        }
        #expect(try read(file(small)).peers == small.dropLast())
    }
}
