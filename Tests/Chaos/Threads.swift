import Foundation
import Synchronization

/// Threads, because clients block.
enum Threads {
    static func start(_ work: @escaping @Sendable () -> Void) -> DispatchSemaphore {
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            work()
            ended.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
        return ended
    }
}

/// Set once, read by every client.
final class StopFlag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

/// Numbers handed out to many threads.
final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock {
            $0 += 1
            return $0 - 1
        }
    }
}

/// Values that several threads add to.
final class Gathered<Element: Sendable>: Sendable {
    private let values = Mutex<[Element]>([])

    var all: [Element] { values.withLock { $0 } }
    func add(_ value: Element) { values.withLock { $0.append(value) } }
}
