import Foundation

/// Nanoseconds of the clock that all times of a run are taken from.
enum Clock {
    static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The pace of the load, the length of a fault, and the time between two questions. What a member is to have done by
    /// then is asked for, never assumed.
    static func pause(seconds: Double) { usleep(UInt32(seconds * 1e6)) }
}
