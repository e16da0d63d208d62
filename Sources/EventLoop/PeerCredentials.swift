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
        // A TCP socket answers with pid 0 and uid -1 rather than an error.
        guard status == 0, credentials.pid > 0 else { return nil }
        self.init(userID: credentials.uid, groupID: credentials.gid, processID: credentials.pid)
    }
}
