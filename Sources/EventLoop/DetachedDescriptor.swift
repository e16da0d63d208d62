internal import Glibc
internal import Synchronization

/// A connected socket between two loops. Closes it if nobody takes it.
package final class DetachedDescriptor: Sendable {
    private let descriptor: Atomic<Int32>
    private static let none: Int32 = -1

    /// Takes ownership of a connected stream socket.
    package init(owning descriptor: Int32) {
        self.descriptor = Atomic(descriptor)
    }

    deinit {
        if let descriptor = take() { _ = Glibc.close(descriptor) }
    }

    /// The descriptor and the duty to close it; nil for all but the first caller.
    func take() -> Int32? {
        let taken = descriptor.exchange(Self.none, ordering: .acquiringAndReleasing)
        return taken == Self.none ? nil : taken
    }
}
