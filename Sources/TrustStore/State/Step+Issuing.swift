import HashTreeCollections
import Raft

extension Step {
    mutating func issue(_ issued: IssueCertificate) throws(CommandRefusal) -> CommandResult {
        guard state.issuedCertificates[issued.entry.fingerprint] == nil else {
            throw CommandRefusal(.certificateExists, "this certificate was issued before")
        }
        try checkRoom(state.issuedCertificates.count, below: StateLimits.issuedCertificatesMax, "certificates issued by the cluster that have not expired")
        let result = try addCertificate(issued.entry)
        put(
            IssuedCertificateRecord(
                fingerprint: issued.entry.fingerprint, serial: issued.serial, subject: issued.entry.name, expiresAt: issued.expiresAt,
                issuedAt: now, issuedBy: command.actor.id))
        return result
    }

    /// As many as one entry may touch; the rest by the next one.
    static let forgottenAtOnceMax = 1_000

    mutating func forgetIssued() throws(CommandRefusal) -> CommandResult {
        let now = now
        // Sorted, because the order of a hash map differs from process to process.
        let gone = state.issuedCertificates.values.filter { $0.isForgettable(at: now) }.map(\.fingerprint).sorted()
        for fingerprint in gone.prefix(Self.forgottenAtOnceMax) { removeIssued(fingerprint) }
        forgetRemovedMembers(leavingRoom: false)
        return done("")
    }

    /// Two leaders that signed at the same time made two lists of one number; the first to be applied is the one.
    mutating func publish(_ list: ClusterListRecord) throws(CommandRefusal) -> CommandResult {
        let held = state.clusterList
        guard list.number == (held?.number ?? 0) + 1, list.thisUpdateAt >= held?.thisUpdateAt ?? 0 else {
            throw CommandRefusal(.revocationListOlder, "the cluster's CRL has number \(held?.number ?? 0), and only the next one follows it")
        }
        put(list)
        return done(String(list.number))
    }
}
