internal import JOSE

/// What a token permits. `read` < `write` < `sign` < `admin`, each including those before it; any
/// other name is a custom scope, permits exactly itself, and is included in nothing, `admin` least of all.
package struct ScopeSet: Sendable, Equatable {
    package static let ladder = ["read", "write", "sign", "admin"]

    /// As written in the token, in its order.
    package let names: [String]
    /// Position on the ladder of the highest ordered scope; -1 for none.
    private let rank: Int

    package init(_ names: [String]) {
        self.names = names
        rank = names.compactMap(Self.ladder.firstIndex(of:)).max() ?? -1
    }

    /// The `scope` claim's form.
    package var text: String { names.joined(separator: " ") }

    package func permits(_ name: String) -> Bool {
        if let asked = Self.ladder.firstIndex(of: name) { return asked <= rank }
        return names.contains { $0.hasSameBytes(as: name) }
    }

    /// True when every name in a space-separated list is permitted. Something that is not such a
    /// list is never permitted, nor is an empty one: a check that came out empty is a mistake.
    package func permitsAll(of asked: String) -> Bool {
        // The usual question is one name, and is answered without taking a list apart.
        if ScopeToken.isValid(asked) { return permits(asked) }
        guard let names = ScopeToken.words(of: asked), !names.isEmpty else { return false }
        return names.allSatisfy(permits)
    }
}
