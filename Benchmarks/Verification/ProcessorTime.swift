import Glibc

/// What this process has used so far. A machine that others use too changes it less than it changes the time on the wall.
enum ProcessorTime {
    static var seconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}
