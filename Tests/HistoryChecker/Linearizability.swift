/// Whether calls that overlapped can be put in an order that respects real time and that one register, doing one
/// call at a time, could have answered (Herlihy & Wing 1990).
///
/// The search is Wing and Gong's, with Lowe's memory of configurations already tried. Histories of one key at a
/// time: linearizability is local, so keys can be judged apart.
package enum Linearizability: Equatable, Sendable {
    case linearizable
    case broken
    /// The search was given up; counts as a failure.
    case unknown

    package static let configurationsMax = 2_000_000

    package static func judge<Model: SequentialModel>(
        _ history: [Call<Model.Action>], as model: Model, configurationsMax: Int = configurationsMax
    ) -> Linearizability {
        var search = Search(history.sorted { $0.invoked < $1.invoked }, model, configurationsMax)
        return search.run()
    }

    private struct Configuration<State: Hashable>: Hashable {
        let done: Done
        let state: State
    }

    /// Which operations have been put in order already, as a bit each.
    private struct Done: Hashable {
        private var words: [UInt64]

        init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

        subscript(_ index: Int) -> Bool {
            get { words[index / 64] >> UInt64(index % 64) & 1 == 1 }
            set {
                let bit: UInt64 = 1 << UInt64(index % 64)
                if newValue { words[index / 64] |= bit } else { words[index / 64] &= ~bit }
            }
        }
    }

    private struct Search<Model: SequentialModel> {
        let history: [Call<Model.Action>]
        let model: Model
        let configurationsMax: Int
        private var tried: Set<Configuration<Model.State>> = []

        init(_ history: [Call<Model.Action>], _ model: Model, _ configurationsMax: Int) {
            self.history = history
            self.model = model
            self.configurationsMax = configurationsMax
        }

        mutating func run() -> Linearizability {
            var stack = [(done: Done(count: history.count), state: model.initial)]
            while let (done, state) = stack.popLast() {
                // Open calls need not have taken effect.
                if history.indices.allSatisfy({ done[$0] || history[$0].isOpen }) { return .linearizable }
                guard tried.insert(Configuration(done: done, state: state)).inserted else { continue }
                if tried.count > configurationsMax { return .unknown }
                for index in candidates(done) {
                    guard let next = model.apply(history[index].action, to: state) else { continue }
                    var further = done
                    further[index] = true
                    stack.append((further, next))
                }
            }
            return .broken
        }

        /// The calls that may come next: those invoked before any other pending one had returned.
        private func candidates(_ done: Done) -> [Int] {
            var firstReturn = UInt64.max
            for index in history.indices where !done[index] { firstReturn = min(firstReturn, history[index].returned) }
            return history.indices.filter { !done[$0] && history[$0].invoked <= firstReturn }
        }
    }
}
