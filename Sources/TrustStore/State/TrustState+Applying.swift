package import Raft

extension TrustState {
    /// The state after `command`, which is the log's entry `index`. Never fails: what cannot be done is
    /// refused, and the refusal is remembered like any other answer.
    ///
    /// The caller applies entries in order, each once.
    package func applying(_ command: Command, at index: LogIndex) -> Transition {
        precondition(index > lastCommandIndex, "entry \(index) applied after \(lastCommandIndex)")
        var step = Step(state: self, command: command, index: index)
        step.advance()
        if let earlier = step.state.requests[command.requestID] {
            return step.finished(with: Self.answer(to: command.body.kind, from: earlier), isRepeat: true)
        }
        // A second copy, so that a refusal half-way leaves nothing of the first half.
        var attempt = step
        let outcome: CommandOutcome
        do throws(CommandRefusal) {
            outcome = .done(try attempt.perform())
            step = attempt
        } catch {
            outcome = .refused(error)
        }
        step.remember(outcome)
        return step.finished(with: outcome, isRepeat: false)
    }

    /// What a request with this id has been answered, if it still is remembered; a refusal when the id
    /// was used for another kind of command.
    package func answer(to requestID: RequestID, kind: CommandKind) -> CommandOutcome? {
        requests[requestID].map { Self.answer(to: kind, from: $0) }
    }

    private static func answer(to kind: CommandKind, from earlier: RequestRecord) -> CommandOutcome {
        guard earlier.kind == kind else {
            return .refused(
                CommandRefusal(
                    .requestReused,
                    "this request id was used for \(earlier.kind.rawValue) before; use a new one"))
        }
        return earlier.outcome
    }
}
