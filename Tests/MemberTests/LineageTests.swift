@testable import Cluster
import EventLoop
import JOSE
import Raft
import Testing

@Suite("A directory that was restored or copied is recognised")
struct LineageTests {
    static let member = MemberID(high: 1, low: 2)

    @Test("a run that comes with an older counter than was seen is a restored directory")
    func rollback() {
        var lineages = PeerLineages()
        #expect(lineages.judge(Lineage(counter: 5, nonce: 1), of: Self.member) == .accepted)
        #expect(lineages.judge(Lineage(counter: 4, nonce: 2), of: Self.member) == .rollback)
        #expect(lineages.judge(Lineage(counter: 6, nonce: 2), of: Self.member) == .accepted)
    }

    @Test("two runs with one counter are one directory in two places, and the second may not speak")
    func clone() {
        var lineages = PeerLineages()
        #expect(lineages.judge(Lineage(counter: 5, nonce: 1), of: Self.member) == .accepted)
        #expect(lineages.judge(Lineage(counter: 5, nonce: 2), of: Self.member) == .clone)
        #expect(lineages.judge(Lineage(counter: 5, nonce: 1), of: Self.member) == .accepted)
    }

    @Test("a run that goes on keeps its say, also when its connection is made again with what it first said")
    func sameRun() {
        var lineages = PeerLineages()
        _ = lineages.judge(Lineage(counter: 5, nonce: 1), of: Self.member)
        _ = lineages.judge(Lineage(counter: 9, nonce: 1), of: Self.member)
        #expect(lineages.judge(Lineage(counter: 5, nonce: 1), of: Self.member) == .accepted)
        // What it grew to counts against any other run.
        #expect(lineages.judge(Lineage(counter: 8, nonce: 2), of: Self.member) == .rollback)
    }

    @Test("what was seen is remembered by the file, and members are bounded")
    func remembered() throws {
        var lineages = PeerLineages()
        for low in 0...UInt64(PeerLineages.countMax) {
            _ = lineages.judge(Lineage(counter: low, nonce: .max), of: MemberID(high: 0, low: low))
        }
        #expect(lineages.json.arrayValue?.count == PeerLineages.countMax)
        #expect(try PeerLineages(lineages.json) == lineages)
    }

    @Test("a former member is forgotten, and makes room")
    func formerMembers() {
        var lineages = PeerLineages()
        for low in 0...UInt64(PeerLineages.countMax) {
            _ = lineages.judge(Lineage(counter: 5, nonce: 1), of: MemberID(high: 0, low: low))
        }
        let late = MemberID(high: 0, low: UInt64(PeerLineages.countMax))
        #expect(lineages.judge(Lineage(counter: 4, nonce: 2), of: late) == .accepted, "there was no room to remember it")
        lineages.keep { $0 == late || $0.low < 3 }
        #expect(lineages.json.arrayValue?.count == 3)
        #expect(lineages.judge(Lineage(counter: 4, nonce: 2), of: MemberID(high: 0, low: 2)) == .rollback)
        #expect(lineages.judge(Lineage(counter: 5, nonce: 1), of: late) == .accepted)
        #expect(lineages.judge(Lineage(counter: 4, nonce: 2), of: late) == .rollback)
    }

    @Test("a counter is not said before the disk holds it: a member killed in between comes back with what it said")
    func durableBeforeSaid() throws {
        let home = try TestDirectory()
        try PrivateFile.makeDirectory(home.path)
        var file = try LineageFile(path: "\(home.path)/lineage.json")
        file.grow()
        #expect(file.durableCounter == 0)
        let written = file
        try written.write()
        file.grow()
        file.wrote(written)
        #expect(file.counter == 2 && file.durableCounter == 1)
        // Killed here: the second growth never reached the disk.
        let restarted = try LineageFile(path: file.path)
        #expect(restarted.durableCounter == file.durableCounter)

        // An older write that is reported late takes nothing back.
        try file.write()
        file.wrote(file)
        file.wrote(written)
        #expect(file.durableCounter == 2)
        withExtendedLifetime(home) {}
    }

    @Test("a run that is told of a later one, or of another with its own counter, knows that it is the copy")
    func told() {
        let own = Lineage(counter: 5, nonce: 1)
        #expect(PeerLineages.verdict(on: own, knowing: nil) == .accepted)
        #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: 4, nonce: 2)) == .accepted)
        #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: 9, nonce: 1)) == .accepted, "that is this very run, later on")
        #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: 5, nonce: 2)) == .clone)
        #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: 6, nonce: 2)) == .rollback)
    }

    @Test("what is ahead by more than a directory can grow is a damaged file or a lie, and shuts nobody out for good", arguments: [0, 5, 1 << 40] as [UInt64])
    func implausible(counter: UInt64) {
        let own = Lineage(counter: counter, nonce: 1), most = counter + PeerLineages.growthMax
        #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: most, nonce: 2)) == .rollback)
        for claimed in [most + 1, .max] {
            #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: claimed, nonce: 2)) == .implausible)
            #expect(PeerLineages.verdict(on: own, knowing: Lineage(counter: claimed, nonce: 1)) == .accepted)
        }
        var lineages = PeerLineages()
        _ = lineages.judge(Lineage(counter: .max, nonce: 2), of: Self.member)
        #expect(lineages.judge(own, of: Self.member) == .implausible)
        #expect(lineages[Self.member] == Lineage(counter: .max, nonce: 2), "it may not speak all the same")
    }

    @Test("a run that has lived on is known by that: a copy of its beginning is recognised")
    func grown() {
        var lineages = PeerLineages()
        let beforeHello = lineages.grew(Self.member, to: 7)
        #expect(!beforeHello)
        _ = lineages.judge(Lineage(counter: 5, nonce: 1), of: Self.member)
        let growths = [7, 7, 6].map { lineages.grew(Self.member, to: $0) }
        #expect(growths == [true, false, false])
        // A copy taken just after the start comes with one more than the start had.
        #expect(lineages.judge(Lineage(counter: 6, nonce: 2), of: Self.member) == .rollback)
        #expect(lineages[Self.member] == Lineage(counter: 7, nonce: 1))
    }

    @Test("a fence is remembered by the directory, and the first reason stays")
    func fenced() throws {
        let home = try TestDirectory()
        try PrivateFile.makeDirectory(home.path)
        var file = try LineageFile(path: "\(home.path)/lineage.json")
        #expect(file.fenceReason == nil)
        file.fence("a copy")
        file.fence("again")
        try file.write()
        #expect(try LineageFile(path: file.path).fenceReason == "a copy")
        withExtendedLifetime(home) {}
    }
}
