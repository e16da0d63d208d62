/// A change that was acknowledged, and the entry that did it.
package struct AcknowledgedChange: Equatable, Sendable {
    package let index: Int64
    package let invoked: UInt64
    package let returned: UInt64

    package init(index: Int64, invoked: UInt64, returned: UInt64) {
        self.index = index
        self.invoked = invoked
        self.returned = returned
    }
}

/// A cheap witness over the whole history: what was asked for after another change had been acknowledged lies behind
/// it in the log.
package enum IndexOrder {
    /// The first pair that is the wrong way round.
    package static func violation(in changes: [AcknowledgedChange]) -> (AcknowledgedChange, AcknowledgedChange)? {
        let byReturn = changes.sorted { $0.returned < $1.returned }
        var highest: AcknowledgedChange?
        var next = 0
        for change in changes.sorted(by: { $0.invoked < $1.invoked }) {
            while next < byReturn.count, byReturn[next].returned < change.invoked {
                if byReturn[next].index > highest?.index ?? .min { highest = byReturn[next] }
                next += 1
            }
            if let highest, highest.index >= change.index { return (highest, change) }
        }
        return nil
    }
}
