import HashTreeCollections
import Raft

extension Step {
    /// Places in status lists that are left out: as many tokens may have been recorded after the backup, and another token in
    /// the place of one of them would be taken for it.
    static let statusIndexesSkipped: Int64 = 65_536

    /// No certificate of a member holds for longer.
    static let leftBehindSeconds: Int64 = 366 * 86_400

    /// Everybody else is out, and so is whatever could still let somebody in: a join or an add token may have been used or
    /// revoked in what was lost.
    mutating func rebuild(_ rebuilt: RebuildCluster) throws(CommandRefusal) -> CommandResult {
        let former = state.members[rebuilt.member.id]
        // Sorted, because the order of a hash map differs from process to process.
        for member in state.members.values.filter({ $0.id != rebuilt.member.id }).sorted(by: { $0.id < $1.id }) { leaveBehind(member) }
        for id in state.joinTokens.keys.sorted() { removeJoinToken(id) }
        for id in state.addTokens.keys.sorted() { removeAddToken(id) }
        readmit(rebuilt.member.id, publicKey: former?.publicKey ?? rebuilt.member.publicKey)
        var member = former ?? MemberRecord(
            id: rebuilt.member.id, name: rebuilt.member.name, addresses: rebuilt.member.addresses, publicKey: rebuilt.member.publicKey,
            certificate: rebuilt.member.certificate, joinedAt: now, featureLevel: rebuilt.member.featureLevel, joinedIndex: index, joinTokenID: nil)
        // Whatever was wished of it while there were others.
        member.role = .automatic
        member.isLeaving = false
        member.version = index
        put(member)
        skipStatusIndexes(Self.statusIndexesSkipped)
        if let before = rebuilt.revokeBefore {
            _ = try revoke(Revoke(.everything(before: before), reason: "the cluster was rebuilt; later revocations may be lost"))
        }
        return done(rebuilt.member.id.description)
    }

    /// Its removal may be among the last entries of a survivor's own log. As long as it is remembered, the member refuses itself,
    /// and the cluster's CRL names its certificate.
    private mutating func readmit(_ id: MemberID, publicKey: [UInt8]) {
        let records = state.removedMembers.values.filter { $0.id == id || $0.publicKey == publicKey }
        for record in records.sorted(by: { $0.id < $1.id }) { forgetRemovedMember(record.id) }
    }

    private mutating func leaveBehind(_ member: MemberRecord) {
        removeMember(member.id)
        forgetRemovedMembers(leavingRoom: true)
        put(
            RemovedMemberRecord(
                id: member.id, name: member.name, publicKey: member.publicKey, certificate: member.certificate, removedAt: now,
                keepUntil: now + Self.leftBehindSeconds, index: index, formerCertificates: member.formerCertificates,
                isLeftBehind: true))
    }
}
