import Storage
import Testing

@Suite("Space kept for a full disk")
struct DiskReserveTests {
    @Test("the reserve takes real space, is given once, and is owed until there is twice as much", .enabled(if: SmallDisk.isPossible))
    func givenAndOwed() throws {
        let disk = try #require(SmallDisk(bytes: 4 << 20))
        let reserve = DiskReserve(path: "\(disk.path)/reserve", bytesMax: 256 << 10)
        #expect(reserve.refill() && reserve.isHeld && !reserve.isReleased)
        #expect(!reserve.releaseIfShort(), "there is space enough")

        disk.fill("filler", Int((4 << 20) - (256 << 10)))
        #expect(reserve.releaseIfShort())
        #expect(!reserve.isHeld && reserve.isReleased)
        #expect(!reserve.release(), "it can be given once")
        #expect(!reserve.refill(), "as much as it takes is not twice as much")
        #expect(reserve.isReleased)
        // The space was really given.
        disk.fill("vote", 200 << 10)

        disk.remove("filler")
        #expect(reserve.refill() && reserve.isHeld && !reserve.isReleased)
        withExtendedLifetime(disk) {}
    }

    @Test("what a kill left of a reserve in the making is no reserve, and is made whole", .enabled(if: SmallDisk.isPossible))
    func halfMade() throws {
        let disk = try #require(SmallDisk(bytes: 4 << 20))
        disk.fill("reserve", 4_096)
        let reserve = DiskReserve(path: "\(disk.path)/reserve", bytesMax: 256 << 10)
        #expect(!reserve.isHeld)
        #expect(reserve.refill() && reserve.isHeld)
        withExtendedLifetime(disk) {}
    }

    @Test("a reserve that is not wanted any more goes away")
    func unwanted() {
        let scratch = Scratch()
        scratch.write("reserve", [1])
        #expect(DiskReserve(path: scratch.file("reserve"), bytesMax: 0).refill())
        #expect(!scratch.exists("reserve"))
    }

    @Test("without a reserve nothing is kept, given or owed")
    func none() {
        let scratch = Scratch()
        let reserve = DiskReserve(path: scratch.file("reserve"), bytesMax: 0)
        #expect(reserve.refill() && !reserve.release() && !reserve.isReleased && !scratch.exists("reserve"))
    }

    @Test("a reserve is a sixteenth of the disk at most", .enabled(if: SmallDisk.isPossible))
    func share() throws {
        let disk = try #require(SmallDisk(bytes: 1 << 20))
        let reserve = DiskReserve(path: "\(disk.path)/reserve", bytesMax: 64 << 20)
        #expect(reserve.refill())
        disk.fill("filler", (1 << 20) - (1 << 16) - 4_096)
        #expect(reserve.release())
        withExtendedLifetime(disk) {}
    }
}
