internal import EventLoop

/// What an operator may tune about serving HTTP. The defaults suit a member that serves proxies and people.
package struct HTTPServerSettings: Sendable, Equatable {
    package var limits = HTTPLimits()
    package var timeouts = HTTPTimeouts()
    /// Open connections per request loop, those still in their handshake included. One above is closed as it arrives.
    package var connectionsMax = 16_384

    /// Who may send long bodies on the Unix socket: their word is the kernel's, and known before the body is read. Over the
    /// network a body comes from anybody.
    package var operatorUserIDs: Set<UInt32> = [0]
    /// The decoded body of such a request, in bytes: the longest revocation list. Above: 413.
    package var operatorBodyBytesMax = 64 << 20

    package init() {}

    package func limits(for connection: ConnectionInfo) -> HTTPLimits {
        guard case .unix(let peer?) = connection.kind, operatorUserIDs.contains(peer.userID) else { return limits }
        var own = limits
        own.bodyBytesMax = operatorBodyBytesMax
        return own
    }
}
