import Crypto
import EventLoop
import HashTreeCollections
import Logging
import Raft
import Storage
import Synchronization
package import TrustStore

/// What a fetch came to.
package struct FetchedRevocationList: Sendable {
    /// The one in force now.
    package let list: RevocationListRecord?
    /// False when it was in force already.
    package let isNew: Bool
}

extension Node {
    /// Puts a CRL, whose signature was checked, through the log piece by piece, and in force with the last entry. Until then
    /// the one before it stays in force; what is left of one that was given up is swept by the leader.
    ///
    /// - Returns: the id of the list in force.
    nonisolated func importRevocationList(
        _ list: RevocationList, of authority: String, by actor: TrustStore.Actor
    ) async throws(ProposeError) -> Committed {
        // What this member holds may be gone by now: it asks before it says that there is nothing to do.
        if heldList(of: authority)?.contents.hash == list.hash {
            _ = try await outcome { (node: isolated Node) async throws(ProposeError) in try await node.readBarrier(timeout: Member.defaultTimeout) }.get()
        }
        if let held = heldList(of: authority), held.contents.hash == list.hash {
            return Committed(index: held.index, result: CommandResult(id: held.id, index: held.index))
        }
        let contents = RevocationListContents(
            number: list.number, thisUpdateAt: list.thisUpdateAt, nextUpdateAt: list.nextUpdateAt, hash: list.hash,
            count: Int64(list.serials.count))
        let begun = try await change(.beginRevocationList(BeginRevocationList(authority: authority, contents: contents)), by: actor)
        let id = begun.result.id
        do throws(ProposeError) {
            var sequence: Int64 = 0
            for group in list.serials.groups {
                let stride = StateLimits.revokedSerialsBytesMax / group.length * group.length
                var start = 0
                while start < group.bytes.count {
                    let end = min(start + stride, group.bytes.count)
                    let chunk = RevokedSerialsRecord(
                        list: id, sequence: sequence, length: group.length, bytes: Array(group.bytes[start..<end]))
                    _ = try await change(.addRevokedSerials(chunk), by: actor)
                    sequence += 1
                    start = end
                }
            }
            return try await change(.commitRevocationList(id: id), by: actor)
        } catch {
            // The same list may come by a fetch and by an operator at once: the later one goes on, and both are done with it.
            if case .refused(let refusal) = error, refusal.code == .revocationListUnknown, let done = await otherImport(of: list, authority) {
                return done
            }
            _ = try? await change(.removeRevocationList(id: id), by: actor)
            throw error
        }
    }

    /// Waits until somebody else has put the same list in force; nil when nobody does in time.
    private nonisolated func otherImport(of list: RevocationList, _ authority: String) async -> Committed? {
        let deadline = MonotonicInstant.now() + Member.defaultTimeout
        while deadline > .now() {
            if let held = heldList(of: authority), held.contents.hash == list.hash {
                return Committed(index: held.index, result: CommandResult(id: held.id, index: held.index))
            }
            let applied = await outcome { (node: isolated Node) async throws(ProposeError) in
                try await node.waitUntilApplied(node.box.view.index.next, timeout: deadline - .now())
            }
            guard case .success = applied else { return nil }
        }
        return nil
    }

    private nonisolated func heldList(of authority: String) -> RevocationListRecord? {
        box.view.state.revocationList(ofAuthority: authority)
    }

    private nonisolated func change(_ body: CommandBody, by actor: TrustStore.Actor) async throws(ProposeError) -> Committed {
        try await outcome { (node: isolated Node) async throws(ProposeError) in
            try await node.propose(body, by: actor, requestID: .random(), timeout: Member.defaultTimeout)
        }.get()
    }

    // MARK: - Fetching

    /// Fetches an authority's CRL from here, and puts it in force if it is another one than is held. One fetch of an authority at
    /// a time on each member.
    nonisolated func fetchRevocationList(
        of fingerprint: String, by actor: TrustStore.Actor
    ) async throws(RevocationListFetchError) -> FetchedRevocationList {
        guard let authority = box.view.state.authorities[fingerprint] else { throw .noAuthority }
        guard authority.listURL != nil else { throw .noURL }
        guard listBook.withLock({ $0.begin(fingerprint) }) else { throw .underWay }
        do throws(RevocationListFetchError) {
            let fetched = try await fetchAndImport(authority, by: actor)
            noteEnd(of: fingerprint, error: nil)
            if fetched.isNew {
                logger.notice(
                    "a CRL that was fetched is in force",
                    metadata: ["authority": "\(authority.name)", "number": "\(fetched.list?.contents.number ?? "none")", "entries": "\(fetched.list?.contents.count ?? 0)"])
            }
            return fetched
        } catch {
            noteEnd(of: fingerprint, error: "\(error)")
            logger.warning("a CRL was not fetched", metadata: ["authority": "\(authority.name)", "fingerprint": "\(fingerprint)", "reason": "\(error)"])
            throw error
        }
    }

    private nonisolated func noteEnd(of fingerprint: String, error: String?) {
        let fetched = Set(box.view.state.authorities.values.filter { $0.listURL != nil }.map(\.fingerprint))
        listBook.withLock { book in
            book.end(fingerprint, error: error, at: WallClock.nowSeconds())
            // Of those that are gone nobody asks any more.
            book.keep(only: fetched)
        }
    }

    private nonisolated func fetchAndImport(
        _ authority: AuthorityRecord, by actor: TrustStore.Actor
    ) async throws(RevocationListFetchError) -> FetchedRevocationList {
        let list = try await RevocationListFetch(authority: authority).run(at: WallClock.nowSeconds)
        let former = heldList(of: authority.fingerprint)?.id
        do throws(ProposeError) {
            let committed = try await importRevocationList(list, of: authority.fingerprint, by: actor)
            return FetchedRevocationList(list: heldList(of: authority.fingerprint), isNew: committed.result.id != former)
        } catch {
            throw .notCommitted(error)
        }
    }

    // MARK: - On the leader

    func fetchRevocationLists(now: MonotonicInstant) {
        // Before its own first entry is applied a leader does not know what is trusted.
        guard applied.position.term == core.term else { return }
        var sources: [String: RevocationListSchedule.Source] = [:], left: [String: Int64] = [:]
        let wallClock = WallClock.nowSeconds()
        for authority in state.authorities.values {
            guard let source = RevocationListSchedule.Source(authority) else { continue }
            sources[authority.fingerprint] = source
            left[authority.fingerprint] = state.revocationList(ofAuthority: authority.fingerprint).map { $0.contents.nextUpdateAt - wallClock }
        }
        housekeeping.lists.follow(sources, left: left, now: now) { .random(in: 0..<1) }
        for authority in housekeeping.lists.begin(now: now) {
            guard let source = sources[authority] else { continue }
            Task { [weak self] in await self?.fetchByTheClock(authority, source) }
        }
    }

    func stopFetchingRevocationLists() {
        guard housekeeping.lists.hasBegun else { return }
        housekeeping.lists.clear()
        listBook.withLock { $0.unschedule() }
    }

    private func fetchByTheClock(_ authority: String, _ source: RevocationListSchedule.Source) async {
        var ending = RevocationListSchedule.Ending.failed
        do throws(RevocationListFetchError) {
            let fetched = try await fetchRevocationList(of: authority, by: Self.system)
            let left = (fetched.list?.contents.nextUpdateAt ?? 0) - WallClock.nowSeconds()
            ending = .done(nextUpdateInSeconds: max(0, left))
        } catch {
            // Written down by now.
        }
        let now = MonotonicInstant.now()
        housekeeping.lists.ended(authority, source, ending, now: now, chance: .random(in: 0..<1))
        let next = housekeeping.lists.dueAt(authority).map { WallClock.nowSeconds() + max(0, ($0 - now).components.seconds) }
        listBook.withLock { $0.next(authority, at: next) }
    }
}

extension RevocationListSchedule.Source {
    /// Nil for an authority whose CRL is imported by hand.
    init?(_ authority: AuthorityRecord) {
        guard let url = authority.listURL else { return nil }
        self.init(url: url, refreshSeconds: authority.listRefreshSeconds ?? AuthorityRecord.listRefreshSecondsDefault)
    }
}
