/// What the clients did to one token until its revocation was acknowledged, over all their attempts.
package struct RevocationHistory: Equatable, Sendable {
    package let firstAsked: UInt64
    /// The rest is nil until somebody was told that it is revoked.
    package private(set) var acknowledged: UInt64?
    package private(set) var isEverywhere = false
    package private(set) var index: Int64?

    static let everywhere = "everywhere"

    /// By token. Attempts are repeated with one `Idempotency-Key`, so together they are one change.
    package static func all(in calls: [HistoryEvent]) -> [String: RevocationHistory] {
        var all: [String: RevocationHistory] = [:]
        for call in calls where call.function == .revoke {
            all[call.key, default: RevocationHistory(firstAsked: call.invoked)].add(call)
        }
        return all
    }

    private init(firstAsked: UInt64) { self.firstAsked = firstAsked }

    private mutating func add(_ call: HistoryEvent) {
        guard call.kind == .ok, let returned = call.returned, acknowledged.map({ returned < $0 }) ?? true else { return }
        acknowledged = returned
        isEverywhere = call.output == Self.everywhere
        index = call.index
    }

    /// It happened at some time between the first question and the answer, and the answer says where in the log.
    var change: AcknowledgedChange? {
        guard let acknowledged, let index else { return nil }
        return AcknowledgedChange(index: index, invoked: firstAsked, returned: acknowledged)
    }
}
