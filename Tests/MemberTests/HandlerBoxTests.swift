@testable import Cluster
import Synchronization
import Testing

@Suite struct HandlerBoxTests {
    @Test("a handler that has been called very often is still called directly: its stack does not grow")
    func calledOften() {
        let box = HandlerBox<Int>()
        let sum = Mutex(0)
        let depth = Mutex<(first: UInt, last: UInt)>((0, 0))
        box.set { event in
            sum.withLock { $0 += event }
            var local = 0
            let place = unsafe withUnsafeMutablePointer(to: &local) { UInt(bitPattern: $0) }
            depth.withLock { $0 = event == 0 ? (place, place) : ($0.first, place) }
        }
        for event in 0..<5_000 { box.call(event) }
        #expect(sum.withLock { $0 } == 4_999 * 5_000 / 2)
        let (first, last) = depth.withLock { $0 }
        #expect(first >= last ? first - last < 4_096 : last - first < 4_096, "the stack grew by \(first &- last) bytes")
    }
}
