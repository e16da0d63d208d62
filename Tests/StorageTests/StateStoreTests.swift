import Raft
import Storage
import Testing
import TrustStore

@Suite("The applied state on disk")
struct StateStoreTests {
    private let scratch = Scratch()
    private var path: String { scratch.file("state.db") }
    private var cluster: String { Samples.identity.clusterID }

    private func open() throws -> StateStore { try StateStore.open(path: path, clusterID: cluster) }

    /// A founded cluster and some tokens: entry by entry, the state and the rows that changed.
    private static let history: [Transition] = {
        let actor = Actor(id: "root", method: "unix", address: nil)
        let founder = NewMember(
            id: Samples.member(1), name: "m1", addresses: ["a:1"], publicKey: [1], certificate: [2])
        let key = NewSigningKey(kid: "k0", algorithm: .es256, publicKey: [3], sealedPrivateKey: [4], start: .active)
        var bodies: [CommandBody] = [
            .foundCluster(
                FoundCluster(
                    id: Samples.identity.clusterID, name: "c", issuer: "https://c", caCertificate: [5], sealedCAKey: [6],
                    serverCertificate: [[7]], sealedServerKey: [8], member: founder, signingKeys: [key]))
        ]
        for number in 0..<30 {
            let token = RecordToken(
                id: "token-\(number)", name: "ci é", subject: "s", scopes: ["read"], keyID: "k0", issuedAt: 1, expiresAt: 2_000_000_000)
            bodies.append(.recordToken(token))
            if number % 3 == 0 { bodies.append(.removeNamedToken(id: "token-\(number)", reason: "rotated")) }
        }
        var state = TrustState()
        return bodies.enumerated().map { position, body in
            let proposal = TrustStore.Proposal(
                requestID: RequestID(high: 0, low: UInt64(position)), proposedAfter: LogIndex(UInt64(position)), actor: actor, body: body)
            let transition = state.applying(
                Command(proposal, stampedAtMilliseconds: 1_700_000_000_000), at: LogIndex(UInt64(position) + 1))
            state = transition.state
            return transition
        }
    }()

    /// Applies the history from after the store's index, one entry or several at a time.
    private func replay(into store: StateStore, batch: Int = 1) throws {
        var next = Int(store.applied.position.index.rawValue)
        while next < Self.history.count {
            let end = min(next + batch, Self.history.count)
            try store.apply(Self.history[next..<end].flatMap(\.changes), through: LogIndex(UInt64(end)), term: Term(2))
            next = end
        }
    }

    @Test("a new state is empty and stands before the first entry")
    func new() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        #expect(store.applied == .start)
        #expect(try store.loadState() == TrustState())
    }

    @Test("the state comes back as it was, entry by entry or many at once", arguments: [1, 7, 1_000])
    func roundTrip(batch: Int) throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try replay(into: store, batch: batch)
        try store.close()
        let reopened = try open()
        #expect(reopened.applied.position == LogPosition(term: Term(2), index: LogIndex(UInt64(Self.history.count))))
        #expect(try reopened.loadState() == Self.history.last?.state)
    }

    @Test("entries that change nothing move the index")
    func noChanges() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try store.apply([], through: LogIndex(5), term: Term(3))
        try store.close()
        #expect(try open().applied.position == LogPosition(term: Term(3), index: LogIndex(5)))
    }

    @Test("a state stands no further than there is room to count on from")
    func positionMax() throws {
        let most = AppliedPoint.positionMax
        for (place, (index, term, isTaken)) in [
            (most.index, most.term, true), (most.index.next, most.term, false), (most.index, most.term.next, false),
            (LogIndex(UInt64(Int64.max)), Term(1), false),
        ].enumerated() {
            let path = scratch.file("state-\(place).db")
            let store = try StateStore.create(path: path, clusterID: cluster)
            try store.apply([], through: index, term: term)
            try store.close()
            let opened = try? StateStore.open(path: path, clusterID: cluster)
            #expect((opened != nil) == isTaken, "\(index) \(term)")
            #expect(opened.map { $0.applied.position == LogPosition(term: term, index: index) } ?? true)
        }
    }

    @Test("killed at any byte of the write, the state is exactly that of its index, and goes on from there")
    func killed() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        let empty = scratch.read("state.db")
        try replay(into: store)
        let wal = scratch.read("state.db-wal")
        var indexes: Set<UInt64> = []
        for cut in stride(from: 0, through: wal.count, by: 6_007) + [wal.count] {
            let copy = Scratch()
            copy.write("state.db", scratch.read("state.db"))
            copy.write("state.db-wal", Array(wal[..<cut]))
            guard let survivor = try? StateStore.open(path: copy.file("state.db"), clusterID: cluster) else {
                // Before the first commit there was no state to speak of.
                #expect(cut * 2 < wal.count, "cut at \(cut)")
                continue
            }
            let index = survivor.applied.position.index.rawValue
            indexes.insert(index)
            let expected = index == 0 ? TrustState() : Self.history[Int(index) - 1].state
            #expect(try survivor.loadState() == expected, "cut at \(cut)")
            try replay(into: survivor)
            #expect(try survivor.loadState() == Self.history.last?.state, "cut at \(cut)")
        }
        #expect(indexes.count > 3)
        #expect(!empty.isEmpty)
    }

    @Test("the index only grows", arguments: [1, 2] as [UInt64])
    func indexGrows(index: UInt64) throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try store.apply([], through: LogIndex(2), term: Term(1))
        #expect(throws: StorageError.outOfOrder(expected: LogIndex(3), found: LogIndex(index))) {
            try store.apply([], through: LogIndex(index), term: Term(1))
        }
    }

    @Test("a flipped bit in a revocation is an error, not a token come back to life")
    func damagedRow() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try replay(into: store)
        try store.close()
        var file = scratch.read("state.db")
        // A change that would still be a well-formed record of the same token.
        let text = Array(#""reason":"rotated""#.utf8)
        let place = try #require(file.indices.first { file[$0...].starts(with: text) })
        file[place + text.count - 2] ^= 1
        scratch.write("state.db", file)
        let error = try #require(throws: StorageError.self) { try open().loadState() }
        guard case .corrupt(_, nil, let what) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(what.contains("revoked_tokens"))
    }

    @Test("a scrub finds a flipped bit that the running store does not notice, and nothing in a sound file")
    func scrub() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try replay(into: store)
        try StateStore.scrub(path: path)
        // Out of the WAL and into the file itself.
        #expect(try store.sync())
        try StateStore.scrub(path: path)
        try store.close()

        let running = try open()
        var file = scratch.read("state.db")
        let place = try #require(file.indices.first { file[$0...].starts(with: Array(#""reason":"rotated""#.utf8)) })
        file[place + 12] ^= 1
        scratch.write("state.db", file)
        let error = #expect(throws: StorageError.self) { try StateStore.scrub(path: path) }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try? running.close()
    }

    @Test("a flipped bit anywhere gives the same state or an error, never a trap", arguments: 0..<UInt64(6))
    func anyBit(seed: UInt64) throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try replay(into: store, batch: 100)
        try store.close()
        let original = scratch.read("state.db")
        var random = SeededRandom(seed: seed)
        for _ in 0..<30 {
            var damaged = original
            let bit = Int.random(in: 0..<original.count * 8, using: &random)
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let copy = Scratch()
            copy.write("state.db", damaged)
            guard let store = try? StateStore.open(path: copy.file("state.db"), clusterID: cluster),
                let state = try? store.loadState()
            else { continue }
            #expect(state == Self.history.last?.state, "bit \(bit)")
            #expect(store.applied.position.index == LogIndex(UInt64(Self.history.count)), "bit \(bit)")
        }
    }

    @Test("a bit that rots in any page gives the same state or an error", arguments: 0..<UInt64(2))
    func anyPage(seed: UInt64) throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try replay(into: store, batch: 100)
        try store.close()
        let original = scratch.read("state.db")
        let pageBytes = 4_096
        var random = SeededRandom(seed: seed)
        var refused = 0
        for page in 0..<original.count / pageBytes {
            var damaged = original
            let bit = (page * pageBytes * 8) + Int.random(in: 0..<pageBytes * 8, using: &random)
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let copy = Scratch()
            copy.write("state.db", damaged)
            guard let store = try? StateStore.open(path: copy.file("state.db"), clusterID: cluster), let state = try? store.loadState()
            else {
                refused += 1
                continue
            }
            #expect(state == Self.history.last?.state && store.applied.position.index == LogIndex(UInt64(Self.history.count)), "bit \(bit)")
        }
        #expect(refused > 0)
    }

    @Test("a state of another cluster is refused; it carries no member's identity")
    func identity() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try store.close()
        let other = String(repeating: "d", count: 32)
        #expect(throws: StorageError.wrongCluster(file: path, expected: other, found: cluster)) {
            try StateStore.open(path: path, clusterID: other)
        }
        let file = scratch.read("state.db")
        let memberID = Array(Samples.member(1).description.utf8)
        #expect(!file.indices.contains { file[$0...].starts(with: memberID) })
    }

    @Test("a full disk refuses and changes nothing; the same call succeeds once there is space")
    func diskFull() throws {
        let store = try StateStore.create(path: path, clusterID: cluster)
        try store.apply(Self.history[0].changes, through: LogIndex(1), term: Term(1))
        let fault = try #require(DescriptorFault(DescriptorFault.full, under: path + "-wal"))
        #expect(throws: StorageError.diskFull(file: path)) {
            try store.apply(Self.history[1].changes, through: LogIndex(2), term: Term(1))
        }
        fault.heal()
        #expect(store.applied.position.index == LogIndex(1))
        #expect(try store.loadState() == Self.history[0].state)
        try store.apply(Self.history[1].changes, through: LogIndex(2), term: Term(1))
        #expect(try store.loadState() == Self.history[1].state)
    }

    @Test("missing, existing and closed are told apart")
    func lifecycle() throws {
        #expect(throws: StorageError.missing(file: path)) { try open() }
        let store = try StateStore.create(path: path, clusterID: cluster)
        try store.close()
        #expect(throws: StorageError.alreadyExists(file: path)) { try StateStore.create(path: path, clusterID: cluster) }
        #expect(throws: StorageError.closed(file: path)) { try store.loadState() }
    }
}
