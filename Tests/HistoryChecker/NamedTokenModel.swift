/// A named token as its clients see it: it is there from its making to its deletion, and never again.
package struct NamedTokenModel: SequentialModel {
    package enum Action: Equatable, Sendable {
        case create
        case delete
        case read(isThere: Bool)
    }

    package enum State: Hashable, Sendable { case unmade, there, deleted }

    package init() {}

    package var initial: State { .unmade }

    package func apply(_ action: Action, to state: State) -> State? {
        switch (action, state) {
        case (.create, .unmade): .there
        case (.delete, .there): .deleted
        case (.read(true), .there): .there
        case (.read(false), .unmade), (.read(false), .deleted): state
        case (.create, _), (.delete, _), (.read, _): nil
        }
    }
}
