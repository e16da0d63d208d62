import Raft

/// What is found where power was cut or a record went bad, and what a start makes of it: as `LogStore.open`.
extension Disk {
    /// A crash: any suffix of the queued writes is lost, and what was being written may be there in part.
    /// Returns how many are lost.
    mutating func crash(keeping count: Int, tear: Fault.Tear?) -> Int {
        let writes = takeQueue()
        for write in writes.prefix(count) {
            perform(write)
            // Otherwise all of them were one transaction, and the power went before its mark was written.
            if tear != .beforeMark { acknowledgeTail() }
        }
        switch tear {
        case nil: break
        case .beforeMark: marks.tear()
        case .record(let permille): if let next = writes.dropFirst(count).first { leaveTorn(next, keptPermille: permille) }
        }
        return max(0, writes.count - count)
    }

    #if CREDENCE_MUTANTS
    /// The order that must not be: when the power goes, the mark is there and its entries are not.
    mutating func crashMarkingFirst(keeping count: Int, tear: Fault.Tear) -> Int {
        let isUnmarked = tear == .beforeMark
        var written = self
        _ = written.crash(keeping: isUnmarked ? count : count + 1, tear: nil)
        let lost = crash(keeping: isUnmarked ? 0 : count, tear: isUnmarked ? nil : tear)
        marks = written.marks
        return lost
    }
    #endif

    /// Some of its entries are whole, and the next is not written to its end. What replaces something, and does not
    /// only append, is one transaction and never there in part.
    private mutating func leaveTorn(_ write: Write, keptPermille: Int) {
        let operation = write.operation
        guard operation.install == nil, operation.truncateFrom == nil, !operation.entries.isEmpty else { return }
        if let hardState = operation.hardState { self.hardState = hardState }
        let whole = (operation.entries.count - 1) * keptPermille / 1000
        entries += operation.entries.prefix(whole)
        chains += write.chains.prefix(whole)
        let entry = operation.entries[whole]
        let payload = entry.payload.isEmpty ? [0xff] : Array(entry.payload.dropLast((entry.payload.count + 1) / 2))
        let torn = Entry(index: entry.index, term: entry.term, kind: entry.kind, payload: payload)
        entries.append(torn)
        chains.append(Hash.chain(after: chains.last ?? 0, torn))
        unreadable.append(torn.index)
        isTorn = true
    }

    /// Its end is gone, and nothing shows it but the mark.
    mutating func lose(_ count: Int) {
        cut(from: LogIndex(last.index.rawValue + 1 - UInt64(count)))
        isTorn = false
    }

    /// A record goes bad. False when it was the last one and torn anyway.
    mutating func damage(_ index: LogIndex) -> Bool {
        guard !unreadable.contains(index) else { return false }
        unreadable.append(index)
        unreadable.sort()
        return true
    }

    /// What a start has found.
    enum Opening { case whole, cutOff, covered, recovers }

    /// Reads the log from its base as far as it is whole. The state may cover what is damaged; then the log begins
    /// after it. Otherwise it ends before the damage, and the mark tells whether that is a loss (docs/consensus.md §10).
    mutating func open(_ mutant: Mutant?, configurationAsOf: (LogIndex) -> Configuration) -> Opening {
        #if CREDENCE_MUTANTS
        if mutant == .acceptsTornTail, isTorn { unreadable.removeLast() }
        #endif
        isTorn = false
        var opening = Opening.whole
        if let damaged = unreadable.first(where: { $0 > baseIndex }), damaged <= applied, let term = term(at: applied) {
            base = LogBase(position: LogPosition(term: term, index: applied), configuration: configurationAsOf(applied))
            opening = .covered
        }
        if let damaged = unreadable.first(where: { $0 > baseIndex }) {
            cut(from: damaged)
            opening = .cutOff
        }
        unreadable = []
        #if CREDENCE_MUTANTS
        if mutant == .damageEndsLog { acknowledgeTail() }
        #endif
        guard let mark else { return opening }
        isDamaged = !mark.isMet(holdsPosition: holds(mark.position), lastTerm: last.term)
        acknowledgeTail()
        return isDamaged ? .recovers : opening
    }

    private func holds(_ position: LogPosition) -> Bool {
        position.index <= baseIndex || term(at: position.index) == position.term
    }
}
