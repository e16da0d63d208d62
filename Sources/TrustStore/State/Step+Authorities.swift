import HashTreeCollections
import Raft

extension Step {
    mutating func addAuthority(_ new: NewAuthority) throws(CommandRefusal) -> CommandResult {
        guard state.authorities[new.fingerprint] == nil else {
            throw CommandRefusal(.authorityExists, "this authority is trusted already")
        }
        // It vouches for members, present and former, and every certificate that it issued has an entry of its own.
        guard state.cluster?.caCertificate != new.certificate, state.cluster?.formerAuthority?.certificate != new.certificate else {
            throw .invalid("certificate", "must not be the cluster's own CA: its members would be clients too; use `credence trust issue`")
        }
        try checkRoom(state.authorities.count, below: StateLimits.authoritiesMax, "authorities")
        put(
            AuthorityRecord(
                fingerprint: new.fingerprint, certificate: new.certificate, type: new.type, isRestricted: new.isRestricted,
                projects: new.projects, name: new.name, summary: new.summary, overdue: new.overdue, listURL: new.listURL,
                listRefreshSeconds: new.listRefreshSeconds, createdAt: now, createdBy: command.actor.id, version: index))
        return done(new.fingerprint)
    }

    mutating func changeAuthority(_ change: ChangeAuthority) throws(CommandRefusal) -> CommandResult {
        guard let former = state.authorities[change.fingerprint] else { throw Self.noSuchAuthority }
        var record = former
        record.name = change.name ?? former.name
        record.summary = change.summary ?? former.summary
        record.isRestricted = change.isRestricted ?? former.isRestricted
        record.projects = change.projects ?? former.projects
        record.overdue = change.overdue ?? former.overdue
        if let url = change.listURL { record.listURL = url.isEmpty ? nil : url }
        if let seconds = change.listRefreshSeconds { record.listRefreshSeconds = seconds == 0 ? nil : seconds }
        guard record != former else { return done(change.fingerprint) }
        record.version = index
        put(record)
        return done(change.fingerprint)
    }

    /// Its lists go with it.
    mutating func dropAuthority(_ fingerprint: String) throws(CommandRefusal) -> CommandResult {
        guard state.authorities[fingerprint] != nil else { throw Self.noSuchAuthority }
        forgetLists { $0.authority == fingerprint }
        removeAuthority(fingerprint)
        return done(fingerprint)
    }

    static let noSuchAuthority = CommandRefusal(.authorityUnknown, "Authority not found")

    mutating func forgetLists(where isGone: (RevocationListRecord) -> Bool) {
        // Sorted, because the order of a hash map differs from process to process.
        for id in state.revocationLists.values.filter(isGone).map(\.id).sorted() { removeRevocationList(id) }
    }
}

// MARK: - Revocation lists

extension Step {
    /// One list of an authority is on its way at a time: a new one takes the place of one that was given up.
    mutating func begin(_ begun: BeginRevocationList) throws(CommandRefusal) -> CommandResult {
        guard state.authorities[begun.authority] != nil else { throw Self.noSuchAuthority }
        try checkFollows(begun.contents, of: begun.authority)
        forgetLists { $0.authority == begun.authority && !$0.isInForce }
        let held = state.revocationLists.values.reduce(0) { $0 + $1.contents.count }
        guard held + begun.contents.count <= Int64(StateLimits.revokedSerialsTotalMax) else {
            throw CommandRefusal(
                .limitReached, "the lists held, and those on their way, may have \(StateLimits.revokedSerialsTotalMax) serial numbers together")
        }
        put(
            RevocationListRecord(
                index: index, authority: begun.authority, contents: begun.contents, isInForce: false, changedAt: now,
                createdBy: command.actor.id))
        return done(RevocationListRecord.id(index))
    }

    private func checkFollows(_ contents: RevocationListContents, of authority: String) throws(CommandRefusal) {
        guard let held = state.revocationList(ofAuthority: authority), !contents.mayFollow(held.contents) else { return }
        throw CommandRefusal(
            .revocationListOlder,
            "the CRL is older than the one held: number \(contents.number ?? "none") (hexadecimal) and thisUpdate \(contents.thisUpdateAt), "
                + "held are number \(held.contents.number ?? "none") and \(held.contents.thisUpdateAt)")
    }

    mutating func add(_ chunk: RevokedSerialsRecord) throws(CommandRefusal) -> CommandResult {
        var list = try pendingList(chunk.list)
        let held = state.revokedSerials[chunk.list] ?? RevokedSerials()
        guard chunk.sequence == Int64(held.chunks.count) else { throw .invalid("sequence", "must be \(held.chunks.count) now") }
        guard chunk.follows(held.chunks.last) else { throw .invalid("serials", "must be ascending") }
        guard held.count + chunk.count <= list.contents.count else {
            throw .invalid("serials", "must be \(list.contents.count) of all chunks together")
        }
        put(chunk)
        list.changedAt = now
        put(list)
        return done(chunk.list)
    }

    /// From this entry on the list is in force, and the one before it is not.
    mutating func commitList(_ id: String) throws(CommandRefusal) -> CommandResult {
        var list = try pendingList(id)
        guard (state.revokedSerials[id]?.count ?? 0) == list.contents.count else {
            throw .invalid("list", "has not come whole")
        }
        try checkFollows(list.contents, of: list.authority)
        forgetLists { $0.authority == list.authority && $0.isInForce }
        list.isInForce = true
        list.changedAt = now
        put(list)
        return done(id)
    }

    mutating func dropPendingList(_ id: String) throws(CommandRefusal) -> CommandResult {
        removeRevocationList(try pendingList(id).id)
        return done(id)
    }

    private func pendingList(_ id: String) throws(CommandRefusal) -> RevocationListRecord {
        guard let list = state.revocationLists[id], !list.isInForce else {
            throw CommandRefusal(.revocationListUnknown, "no such CRL is on its way: it was replaced, given up, or is in force already")
        }
        return list
    }
}
