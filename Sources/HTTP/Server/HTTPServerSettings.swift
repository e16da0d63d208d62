/// What an operator may tune about serving HTTP. The defaults suit a member that serves proxies and people.
package struct HTTPServerSettings: Sendable, Equatable {
    package var limits = HTTPLimits()
    package var timeouts = HTTPTimeouts()
    /// Open connections per request loop, those still in their handshake included. One above is closed as it arrives.
    package var connectionsMax = 16_384

    package init() {}
}
