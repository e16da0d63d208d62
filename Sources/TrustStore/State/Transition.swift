/// What applying one command gives. Nothing has happened yet: the caller stores `changes` with the
/// entry's index in one transaction, then shows `state` to readers.
package struct Transition: Sendable {
    package let state: TrustState
    /// In the order to be stored; applying them to the rows of the old state gives those of the new.
    package let changes: [StateChange]
    package let outcome: CommandOutcome
    /// The request had been answered before; `outcome` is that answer and nothing was done again.
    package let isRepeat: Bool
}
