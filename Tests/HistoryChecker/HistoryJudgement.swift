/// What a whole history comes to.
package struct HistoryJudgement: Sendable {
    /// `max_staleness`.
    package static let usualBound: UInt64 = 5_000_000_000
    package static let usualGrace: UInt64 = 0

    /// How long a fault may still show after the member has recovered, in nanoseconds.
    package let grace: UInt64
    package let operations: Int
    package let faults: [String: Int]
    package let verifications: VerificationFindings
    package let durability: DurabilityFindings
    package let revocationsAcknowledged: Int
    package let longestWriteOutage: UInt64
    package let namedTokens: Int
    package let linearizable: Linearizability
    /// Changes whose place in the log was told: revocations, also those that took several attempts.
    package let changesOrdered: Int
    package let indexOrderHolds: Bool
    package let tailReads: Int
    package let missingFromTails: Int

    /// - Parameter lines: as they were written; `invoke` lines whose call ended are only that call's beginning.
    package init(_ lines: [HistoryEvent], bound: UInt64 = usualBound, grace: UInt64 = usualGrace) {
        self.grace = grace
        let calls = HistoryEvent.calls(lines)
        let revocations = RevocationHistory.all(in: calls)
        let clients = calls.filter { $0.function != .fault }
        operations = clients.count
        faults = Dictionary(calls.filter { $0.function == .fault }.map { ($0.key, 1) }, uniquingKeysWith: +)
        verifications = VerificationFindings(
            clients, revocations: revocations, spans: FaultSpans(calls, grace: grace), bound: bound)
        durability = DurabilityFindings(clients, revocations: revocations)
        let moments = revocations.values.compactMap(\.acknowledged).sorted()
        revocationsAcknowledged = moments.count
        longestWriteOutage = zip(moments, moments.dropFirst()).map { $1 - $0 }.max() ?? 0
        let registers = Self.registers(clients)
        namedTokens = registers.count
        linearizable = Self.judge(registers)
        let changes = revocations.values.compactMap(\.change)
        changesOrdered = changes.count
        indexOrderHolds = IndexOrder.violation(in: changes) == nil
        tailReads = clients.count { $0.function == .tail && $0.kind == .ok }
        missingFromTails = TailReads.missing(in: clients, revocations: revocations)
    }

    /// What must hold however slow the machine is.
    package var isSafe: Bool {
        linearizable == .linearizable && indexOrderHolds && missingFromTails == 0
            && verifications.staleness.acceptancesAfterEverywhere == 0 && verifications.staleness.acceptancesPastBound == 0
            && verifications.acceptancesDespiteIndex == 0 && verifications.wrongAtTheEnd.isEmpty
            && durability.revocationsLost == 0 && durability.tokensWrong == 0 && durability.membersThatDiffer.isEmpty
            && durability.membersUnread.isEmpty
    }

    /// On a machine that has time for its members, who was left alone answers, and accepts what is good.
    package var isGood: Bool {
        isSafe && verifications.unansweredByHealthy.isEmpty && verifications.goodRefusedByHealthy.isEmpty
    }

    /// Linearizability is local: each named token is a register of its own.
    private static func registers(_ calls: [HistoryEvent]) -> [String: [Call<NamedTokenModel.Action>]] {
        var registers: [String: [Call<NamedTokenModel.Action>]] = [:]
        for call in calls {
            let action: NamedTokenModel.Action
            switch (call.function, call.kind) {
            case (.name, .ok): action = .create
            case (.delete, .ok), (.delete, .info): action = .delete
            case (.read, .ok): action = .read(isThere: call.output == "there")
            default: continue
            }
            let isOpen = call.kind == .info
            registers[call.key, default: []].append(
                Call(action, invoked: call.invoked, ending: isOpen ? .open : .returned(call.returned ?? .max)))
        }
        return registers
    }

    private static func judge(_ registers: [String: [Call<NamedTokenModel.Action>]]) -> Linearizability {
        registers.values.lazy.map { Linearizability.judge($0, as: NamedTokenModel()) }.first { $0 != .linearizable } ?? .linearizable
    }
}
