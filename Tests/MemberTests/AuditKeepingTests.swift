import Cluster
import EventLoop
import Raft
import Testing
import TrustStore

@Suite("A member and its audit archive", .serialized)
struct AuditKeepingTests {
    private static let admin = Actor(id: "test", method: "unix", address: nil)

    private func change(_ member: Member, count: Int) async throws {
        for number in 0..<count {
            try await member.propose(.revoke(Revoke(.subject("s\(number)", before: nil), reason: nil)), by: Self.admin)
        }
    }

    /// Every record that the member has, stretch by stretch.
    private func records(of member: Member) async throws -> [AuditRun] {
        var runs: [AuditRun] = []
        var after = LogIndex.zero
        while let run = try await member.auditRun(after: after, through: member.view.index, countMax: 7, bytesMax: .max) {
            #expect(run.records.count <= 7)
            runs.append(run)
            after = run.records.last?.entry.index ?? .max
        }
        return runs
    }

    private func untilArchived(_ member: Member, through index: LogIndex) async throws {
        while try await member.auditHead().archivedThrough < index { try await member.readBarrier() }
    }

    @Test("all that was applied can be read over the cut, and after a restart too", .timeLimit(.minutes(5)))
    func readOverTheCut() async throws {
        let home = try TestDirectory()
        for start in 0..<2 {
            let member = try await home.start(logKept: 4).member
            try await member.readBarrier()
            try await change(member, count: 20)
            try await untilArchived(member, through: LogIndex(UInt64(start * 20 + 12)))
            let head = try await member.auditHead()
            #expect(head.fromIndex == LogIndex(1) && head.trouble == nil)
            let runs = try await records(of: member)
            var walk = AuditWalk()
            for record in runs.flatMap(\.records) {
                try walk.take(
                    index: record.entry.index.rawValue, term: record.entry.term.rawValue, kind: UInt64(record.entry.kind.rawValue),
                    bytes: record.entry.payload, chain: record.chain)
            }
            #expect(walk.index >= head.end.position.index.rawValue)
            await member.stop()
        }
    }

    @Test("a damaged archive keeps no member from starting, changing and verifying; it says so and cuts no log", .timeLimit(.minutes(5)))
    func damagedArchive() async throws {
        let home = try TestDirectory()
        let first = try await home.start(logKept: 4).member
        try await first.readBarrier()
        try await change(first, count: 20)
        try await untilArchived(first, through: LogIndex(12))
        await first.stop()
        try PrivateFile.write(Array(repeating: UInt8(ascii: "x"), count: 8_192), to: home.path + "/audit.db")

        let member = try await home.start(logKept: 4).member
        try await member.readBarrier()
        try await change(member, count: 20)
        let head = try await member.auditHead()
        #expect(head.trouble?.contains("audit.db") == true && head.archivedThrough == .zero)
        // What the log holds is what there is: everything since the archive went, and a little from before.
        let runs = try await records(of: member)
        #expect(runs.first?.base.index.next == head.fromIndex && runs.flatMap(\.records).count > 20)
        await member.stop()

        for file in ["audit.db", "audit.db-wal", "audit.db-shm"] { try PrivateFile.remove(home.path + "/" + file) }
        let healed = try await home.start(logKept: 4).member
        try await healed.readBarrier()
        try await untilArchived(healed, through: LogIndex(30))
        #expect(try await healed.auditHead().trouble == nil)
        #expect(try await records(of: healed).first?.base.index.next == head.fromIndex)
        await healed.stop()
    }
}
