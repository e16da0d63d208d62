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

    @Test("without a reserve nothing is kept, given or owed")
    func none() {
        let scratch = Scratch()
        let reserve = DiskReserve(path: scratch.file("reserve"), bytesMax: 0)
        #expect(reserve.refill() && !reserve.isHeld && !reserve.release() && !reserve.isReleased)
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
