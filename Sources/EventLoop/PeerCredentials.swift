internal import CUV
internal import Glibc

/// Who connected to a Unix socket, as the kernel recorded it at connect time (unix(7), SO_PEERCRED).
package struct PeerCredentials: Hashable, Sendable {
    package let userID: UInt32
    package let groupID: UInt32
    package let processID: Int32

    package init(userID: UInt32, groupID: UInt32, processID: Int32) {
        self.userID = userID
        self.groupID = groupID
        self.processID = processID
    }

    /// Nil when the descriptor is no Unix socket.
    init?(descriptor: Int32) {
        var credentials = credence_ucred()
        var size = socklen_t(MemoryLayout<credence_ucred>.size)
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
        // A TCP socket answers with uid -1 rather than an error. A pid of 0 is a process of another PID namespace: a container's
        // host, or a container, with a user of its own all the same.
        guard status == 0, credentials.uid != .max else { return nil }
        self.init(userID: credentials.uid, groupID: credentials.gid, processID: credentials.pid)
    }
}
