/// The member's own disk: what is issued, what has completed, and what had to wait for it.
extension RaftCore {
    /// Replaces term and vote. Every message of this term now waits until they are durable.
    mutating func setHardState(_ state: HardState) {
        hardState = state
        staged.hardState = state
        disk.hardStateChanged()
    }

    /// Appends to the log. A configuration is in force from here on (docs/consensus.md §7).
    mutating func append(_ entry: Entry) {
        log.append(entry)
        staged.entries.append(entry)
        guard entry.kind == .configuration else { return }
        do throws(WireError) {
            let record = ConfigurationRecord(index: entry.index, configuration: try Configuration(decoding: entry.payload))
            configurations.append(record)
            output.events.append(.configurationChanged(record))
        } catch {
            // Unknown kinds and versions stop the member: guessing at a quorum is not an option.
            stop(.unreadableConfiguration(at: entry.index, error))
        }
    }

    /// Removes uncommitted entries. The configuration in force before them comes back.
    mutating func truncate(from index: LogIndex) {
        log.truncate(from: index)
        disk.truncated(from: index, lowersPending: !mutated(.countsOverwrittenWrites))
        staged.truncateFrom = index
        output.events.append(.truncated(from: index))
        if !mutated(.keepsTruncatedConfiguration), configurations.truncate(from: index) {
            output.events.append(.configurationChanged(configurations.current))
        }
    }

    /// Sends `message`, or holds it until its term, and `operation` if given, are durable.
    mutating func send(to member: MemberID, _ body: Message.Body, after operation: UInt64? = nil) {
        let message = Message(from: id, to: member, term: term, body: body)
        let needed = max(disk.hardStateOperation, operation ?? 0)
        if disk.isComplete(needed) { output.messages.append(message) } else { disk.hold(message, until: needed) }
    }

    /// Sends without waiting for the disk: for what makes no promise (pre-votes), and what names another term.
    mutating func sendNow(to member: MemberID, term: Term, _ body: Message.Body) {
        output.messages.append(Message(from: id, to: member, term: term, body: body))
    }

    mutating func issueStaged() {
        guard !staged.isEmpty else { return }
        let operation = disk.issue(covering: staged.covers, at: clock.now)
        output.storage.append(StorageOperation(
            id: operation, hardState: staged.hardState, truncateFrom: staged.truncateFrom, entries: staged.entries,
            base: staged.base, install: staged.install))
        staged = StagedChange()
    }

    mutating func persisted(upTo operation: UInt64) {
        precondition(operation < disk.nextOperation, "the shell reported an operation that was never issued")
        output.messages += disk.complete(upTo: operation)
        finishInstall()
        recoverIfComplete()
        countOwnVote()
        advanceCommit()
    }

    mutating func applied(through index: LogIndex) {
        precondition(index <= deliveredIndex, "the shell applied what was never handed out")
        appliedIndex = max(appliedIndex, index)
        log.evict(through: appliedIndex)
        installIfPossible()
    }

    /// Committed entries are handed out only once they are durable here too: a state machine ahead of its own
    /// log would have nothing to rebuild itself from (docs/consensus.md §2).
    mutating func deliverCommitted() {
        // Nothing is applied beside an installation, or by a member whose state is to be replaced.
        guard healing == nil, incoming?.holdsLog != true else { return }
        let durable = mutated(.appliesBeyondDurable) ? lastIndex : disk.durable
        let target = min(commitIndex, durable, appliedIndex.advanced(by: settings.maxUnapplied))
        while deliveredIndex < target, let entry = log.entry(at: deliveredIndex.next) {
            output.committed.append(entry)
            deliveredIndex = entry.index
        }
    }

    /// Moves the commit index forward, never back.
    mutating func commit(through index: LogIndex) {
        guard index > commitIndex else { return }
        if isLeader {
            var settled = commitIndex.next
            while settled <= index, let entry = log.entry(at: settled) {
                if entry.kind == .command { reign.uncommittedBytes -= entry.payload.count - (mutated(.leaksUncommitted) ? 1 : 0) }
                settled = settled.next
            }
        }
        commitIndex = index
        for record in configurations.commit(through: index) {
            output.events.append(.configurationCommitted(record))
        }
    }
}

extension ConfigurationHistory {
    init(restored: RestoredState) throws(RestoreError) {
        self.init(base: ConfigurationRecord(index: restored.base.index, configuration: restored.baseConfiguration))
        let firstHeld = restored.entries.first?.index
        for record in restored.configurations where record.index > current.index {
            if let firstHeld, record.index >= firstHeld { break }
            append(record)
        }
        for entry in restored.entries where entry.kind == .configuration {
            do throws(WireError) {
                append(ConfigurationRecord(index: entry.index, configuration: try Configuration(decoding: entry.payload)))
            } catch { throw .unreadableConfiguration(at: entry.index, error) }
        }
    }
}
