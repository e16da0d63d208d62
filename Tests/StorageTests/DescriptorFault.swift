import Glibc

/// Makes the disk fail under an open file: its descriptor is pointed at a device with the wanted fault,
/// and back again.
struct DescriptorFault {
    /// Writes give ENOSPC.
    static let full = "/dev/full"
    /// Writes succeed and reach nothing; fsync gives EINVAL.
    static let failingSync = "/dev/null"

    private let descriptor: Int32
    private let original: Int32

    /// - Returns: nil when this process has no such file open.
    init?(_ device: String, under path: String) {
        guard let found = Self.descriptor(of: path) else { return nil }
        descriptor = found
        original = dup(found)
        let faulty = unsafe open(device, O_RDWR | O_CLOEXEC)
        precondition(original >= 0 && faulty >= 0 && dup2(faulty, found) == found)
        close(faulty)
    }

    func heal() {
        precondition(dup2(original, descriptor) == descriptor)
        close(original)
    }

    private static func descriptor(of path: String) -> Int32? {
        for candidate in Int32(0)..<1_024 {
            var target = [CChar](repeating: 0, count: 4_096)
            let count = unsafe readlink("/proc/self/fd/\(candidate)", &target, target.count)
            guard count > 0 else { continue }
            if String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) == path { return candidate }
        }
        return nil
    }
}
