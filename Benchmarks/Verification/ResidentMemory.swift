import FoundationEssentials
import Glibc

/// What this process has of the machine's memory.
enum ResidentMemory {
    struct Unreadable: Error {}

    static func bytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { throw Unreadable() }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
