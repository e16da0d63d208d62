import EventLoop

/// What the handlers of all loops have in common besides the member.
package struct APISettings: Sendable {
    /// The user this process runs as; it and root are administrators on the Unix socket.
    package var ownUserID: UInt32
    /// For callers without a credential, per source address and loop.
    package var strangers: RequestRateLimit.Settings

    let counters = RequestCounters()
    let keySets = KeySetCache()
    let events: EventHub

    /// Unix seconds, for lists that leave out what has expired.
    var wallClock: @Sendable () -> Int64 = WallClock.nowSeconds

    package init(ownUserID: UInt32, events: EventHub = EventHub()) {
        self.ownUserID = ownUserID
        self.events = events
        // 200 signature checks a second are about one hundredth of a core.
        strangers = RequestRateLimit.Settings(perSecond: 200, burst: 400, sourcesMax: 4096)
    }
}
