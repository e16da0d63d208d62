import HashTreeCollections
import Raft

/// One command being applied: the state so far and the rows that changed on the way.
///
/// Every change of the state goes through a `put` or `remove` below, so that the rows and the value
/// cannot drift apart.
struct Step {
    private(set) var state: TrustState
    private(set) var changes: [StateChange] = []
    let command: Command
    let index: LogIndex

    init(state: TrustState, command: Command, index: LogIndex) {
        self.state = state
        self.command = command
        self.index = index
    }

    /// The command's time in whole seconds: never before that of an earlier entry.
    var now: Int64 { state.appliedAtMilliseconds / 1_000 }

    /// What every command does, refused or not: time moves on and old answers are forgotten.
    mutating func advance() {
        for evicted in state.requests.evict(applying: index, after: state.lastCommandIndex) {
            changes.append(StateChange(collection: .requests, key: RequestWindow.rowKey(evicted), value: nil))
        }
        state.lastCommandIndex = index
        state.appliedAtMilliseconds = max(state.appliedAtMilliseconds, command.stampedAtMilliseconds)
        noteMeta()
    }

    mutating func noteMeta() {
        let meta = MetaRecord(
            lastCommandIndex: index, appliedAtMilliseconds: state.appliedAtMilliseconds, featureLevel: state.featureLevel,
            statusIndexesUsed: state.statusIndexesUsed)
        changes.append(StateChange(.meta, MetaRecord.key, meta))
    }

    /// From here on commands of this level may be in the log.
    mutating func raiseFeatureLevel(to level: Int64) throws(CommandRefusal) -> CommandResult {
        guard level > state.featureLevel else {
            throw .invalid("level", "must be above \(state.featureLevel), where the cluster is")
        }
        state.featureLevel = level
        noteMeta()
        return done(String(level))
    }

    /// A place in a status list that no other token ever had.
    mutating func takeStatusIndex() -> Int64 {
        defer { state.statusIndexesUsed += 1 }
        return state.statusIndexesUsed
    }

    /// Places that may have been taken in entries that were lost.
    mutating func skipStatusIndexes(_ count: Int64) {
        state.statusIndexesUsed += count
        noteMeta()
    }

    mutating func remember(_ outcome: CommandOutcome) {
        let record = RequestRecord(
            requestID: command.requestID, index: index, kind: command.body.kind, outcome: outcome)
        state.requests.insert(record)
        changes.append(StateChange(.requests, RequestWindow.rowKey(index), record))
    }

    func finished(with outcome: CommandOutcome, isRepeat: Bool) -> Transition {
        Transition(state: state, changes: changes, outcome: outcome, isRepeat: isRepeat)
    }

    func done(_ id: String) -> CommandResult { CommandResult(id: id, index: index) }
}

// MARK: - The only places where the state changes

extension Step {
    mutating func put(_ record: ClusterRecord) {
        state.cluster = record
        changes.append(StateChange(.cluster, record.id, record))
    }

    mutating func put(_ record: MemberRecord) {
        state.members[record.id] = record
        changes.append(StateChange(.members, record.id.description, record))
    }

    mutating func put(_ record: JoinTokenRecord) {
        state.joinTokens[record.id] = record
        changes.append(StateChange(.joinTokens, record.id, record))
    }

    mutating func put(_ record: SigningKeyRecord) {
        var stored = record
        stored.version = index
        state.signingKeys[record.kid] = stored
        changes.append(StateChange(.signingKeys, record.kid, stored))
    }

    mutating func put(_ record: RevocationRecord) {
        state.revokedTokens.insert(record)
        changes.append(StateChange(.revokedTokens, record.tokenID, record))
    }

    mutating func put(_ record: BroadRevocationRecord) {
        state.broadRevocations[record.target.name] = record
        changes.append(StateChange(.broadRevocations, record.target.name, record))
    }

    mutating func put(_ record: NamedTokenRecord) {
        state.namedTokens[record.id] = record
        changes.append(StateChange(.namedTokens, record.id, record))
    }

    mutating func put(_ record: TrustedCertificateRecord) {
        var stored = record
        stored.version = index
        state.certificates[record.fingerprint] = stored
        changes.append(StateChange(.certificates, record.fingerprint, stored))
    }

    mutating func put(_ record: AddTokenRecord) {
        state.addTokens[record.id] = record
        changes.append(StateChange(.addTokens, record.id, record))
    }

    mutating func put(_ record: ImportedKeyRecord) {
        state.importedKeys[record.id] = record
        changes.append(StateChange(.importedKeys, record.id, record))
    }

    mutating func put(_ record: AuthorityRecord) {
        state.authorities[record.fingerprint] = record
        changes.append(StateChange(.authorities, record.fingerprint, record))
    }

    mutating func put(_ record: RevocationListRecord) {
        state.revocationLists[record.id] = record
        changes.append(StateChange(.revocationLists, record.id, record))
    }

    mutating func put(_ chunk: RevokedSerialsRecord) {
        state.revokedSerials[chunk.list, default: RevokedSerials()].insert(chunk)
        changes.append(StateChange(.revokedSerials, chunk.key, chunk))
    }

    mutating func removeAuthority(_ fingerprint: String) {
        state.authorities[fingerprint] = nil
        changes.append(StateChange(collection: .authorities, key: fingerprint, value: nil))
    }

    /// With its serial numbers.
    mutating func removeRevocationList(_ id: String) {
        for chunk in state.revokedSerials[id]?.chunks ?? [] {
            changes.append(StateChange(collection: .revokedSerials, key: chunk.key, value: nil))
        }
        state.revokedSerials[id] = nil
        state.revocationLists[id] = nil
        changes.append(StateChange(collection: .revocationLists, key: id, value: nil))
    }

    mutating func put(_ record: IssuedCertificateRecord) {
        state.issuedCertificates[record.fingerprint] = record
        changes.append(StateChange(.issuedCertificates, record.fingerprint, record))
    }

    mutating func put(_ record: ClusterListRecord) {
        state.clusterList = record
        changes.append(StateChange(.clusterList, ClusterListRecord.key, record))
    }

    mutating func removeIssued(_ fingerprint: String) {
        state.issuedCertificates[fingerprint] = nil
        changes.append(StateChange(collection: .issuedCertificates, key: fingerprint, value: nil))
    }

    mutating func removeMember(_ id: MemberID) {
        state.members[id] = nil
        changes.append(StateChange(collection: .members, key: id.description, value: nil))
    }

    mutating func put(_ record: RemovedMemberRecord) {
        state.removedMembers[record.id] = record
        changes.append(StateChange(.removedMembers, record.id.description, record))
    }

    mutating func forgetRemovedMember(_ id: MemberID) {
        state.removedMembers[id] = nil
        changes.append(StateChange(collection: .removedMembers, key: id.description, value: nil))
    }

    mutating func removeJoinToken(_ id: String) {
        state.joinTokens[id] = nil
        changes.append(StateChange(collection: .joinTokens, key: id, value: nil))
    }

    mutating func removeSigningKey(_ kid: String) {
        state.signingKeys[kid] = nil
        changes.append(StateChange(collection: .signingKeys, key: kid, value: nil))
    }

    mutating func removeRevocation(_ tokenID: String) {
        state.revokedTokens.remove(tokenID)
        changes.append(StateChange(collection: .revokedTokens, key: tokenID, value: nil))
    }

    mutating func removeBroadRevocation(_ name: String) {
        state.broadRevocations[name] = nil
        changes.append(StateChange(collection: .broadRevocations, key: name, value: nil))
    }

    mutating func removeImportedKey(_ id: String) {
        state.importedKeys[id] = nil
        changes.append(StateChange(collection: .importedKeys, key: id, value: nil))
    }

    mutating func removeNamedToken(_ id: String) {
        state.namedTokens[id] = nil
        changes.append(StateChange(collection: .namedTokens, key: id, value: nil))
    }

    mutating func removeCertificate(_ fingerprint: String) {
        state.certificates[fingerprint] = nil
        changes.append(StateChange(collection: .certificates, key: fingerprint, value: nil))
    }

    mutating func removeAddToken(_ id: String) {
        state.addTokens[id] = nil
        changes.append(StateChange(collection: .addTokens, key: id, value: nil))
    }
}
