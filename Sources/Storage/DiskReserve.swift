import Glibc

/// Space that is kept for what must be written when the disk is full, so that a member can still vote, cut its
/// log and start again (docs/consensus.md §10): a file of nothing, removed when the space is needed.
///
/// Not thread-safe; the storage thread owns it.
package final class DiskReserve {
    /// Of the file system; a small one must not be filled by its own reserve.
    static let share: UInt64 = 16

    package let path: String
    private let bytesMax: UInt64
    /// The space was given away and is owed.
    package private(set) var isReleased: Bool

    /// - Parameters:
    ///   - bytesMax: 0 keeps none.
    ///   - isReleased: whether this start has already given it away.
    package init(path: String, bytesMax: UInt64, isReleased: Bool = false) {
        self.path = path
        self.bytesMax = bytesMax
        self.isReleased = isReleased
    }

    /// Whole: a kill while it was being made leaves less, which is made up for.
    package var isHeld: Bool {
        guard let space = try? FileSystemSpace(of: path), let held = try? PrivateFile.size(path: path) else { return false }
        return held >= size(in: space)
    }

    /// Gives the space away. False when there is none to give.
    package func release() -> Bool {
        guard PrivateFile.exists(path: path), (try? PrivateFile.remove(path: path)) != nil else { return false }
        isReleased = true
        return true
    }

    /// Before the first write of a process: a full disk must not keep a member from starting.
    package func releaseIfShort() -> Bool {
        guard let space = try? FileSystemSpace(of: path), space.available < size(in: space) / 2 else { return false }
        return release()
    }

    /// There is not even as much space as the reserve would take: what is left is for what must be written.
    package var isShort: Bool {
        guard bytesMax > 0, !isHeld, let space = try? FileSystemSpace(of: path) else { return false }
        return space.available < size(in: space)
    }

    /// Takes the space when there is enough of it; what was given away only when there is twice as much, so that giving and
    /// taking do not alternate. True when the reserve is held, or none is wanted.
    package func refill() -> Bool {
        // One from a time when it was wanted.
        if bytesMax == 0 { try? PrivateFile.remove(path: path) }
        guard bytesMax > 0, !isHeld else {
            isReleased = false
            return true
        }
        guard let space = try? FileSystemSpace(of: path) else { return false }
        let size = size(in: space)
        guard space.available >= (isReleased ? 2 : 1) * size, (try? PrivateFile.allocate(path: path, byteCount: size)) != nil else {
            try? PrivateFile.remove(path: path)
            return false
        }
        isReleased = false
        return true
    }

    private func size(in space: FileSystemSpace) -> UInt64 { min(bytesMax, space.total / Self.share) }
}

/// In bytes, of the file system that holds a file's folder.
struct FileSystemSpace {
    let total: UInt64
    /// For this process, which may have less than root.
    let available: UInt64

    init(of path: String) throws(PrivateFile.Failure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var information = statvfs()
        _ = try PrivateFile.checked("statvfs") { unsafe statvfs(folder, &information) }
        total = UInt64(information.f_blocks) * UInt64(information.f_frsize)
        available = UInt64(information.f_bavail) * UInt64(information.f_frsize)
    }
}
