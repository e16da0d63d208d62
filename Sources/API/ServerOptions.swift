package import Cluster

/// What `credence serve` was told, checked.
package struct ServerOptions: Sendable {
    package var member: MemberOptions
    /// `HOST:PORT`; the host may be a name.
    package var listen: String
    /// A clear-text listener on 127.0.0.1 and ::1, for a proxy on this machine.
    package var loopbackPort: UInt16?
    /// One request loop per core.
    package var requestLoops: Int
    package var ownUserID: UInt32

    package init(member: MemberOptions, listen: String, loopbackPort: UInt16?, requestLoops: Int, ownUserID: UInt32) {
        self.member = member
        self.listen = listen
        self.loopbackPort = loopbackPort
        self.requestLoops = max(1, requestLoops)
        self.ownUserID = ownUserID
    }

    /// The socket for local users of a data directory.
    package static func socketPath(dataDirectory: String) -> String {
        dataDirectory.hasSuffix("/") ? "\(dataDirectory)credence.sock" : "\(dataDirectory)/credence.sock"
    }
}
