import Glibc
import Synchronization

/// W11: a trap in the core ends the process, so the seeds that were running are written out on the way.
enum TrapReport {
    private static let slots = (0..<workersMax).map { _ in SeedSlot() }
    static let workersMax = 64

    private final class SeedSlot: Sendable { let seed = Atomic<UInt64>(0) }

    static func running(_ seed: UInt64, on worker: Int) {
        slots[worker % workersMax].seed.store(seed, ordering: .relaxed)
    }

    static func install() {
        _ = slots
        for number in [SIGILL, SIGTRAP, SIGSEGV] {
            signal(number) { number in
                TrapReport.write("trap: invariant W11, among the seeds")
                for slot in TrapReport.slots {
                    let seed = slot.seed.load(ordering: .relaxed)
                    if seed != 0 { TrapReport.write(" \(seed)") }
                }
                TrapReport.write("; replay each with: RaftSimulation --seed S\n")
                _exit(1)
            }
        }
    }

    /// Formatting text in a signal handler is not safe in general; the process is ending anyway.
    private static func write(_ text: String) {
        var bytes = Array(text.utf8)
        _ = unsafe Glibc.write(2, &bytes, bytes.count)
    }
}
