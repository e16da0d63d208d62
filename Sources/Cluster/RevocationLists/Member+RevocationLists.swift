package import Crypto
import EventLoop
import HashTreeCollections
package import TrustStore

extension Member {
    /// Puts a CRL, whose signature was checked, through the log piece by piece, and in force with the last entry. Until then
    /// the one before it stays in force; what is left of one that was given up is swept by the leader.
    ///
    /// - Returns: the id of the list in force.
    package func importRevocationList(
        _ list: RevocationList, of authority: String, by actor: TrustStore.Actor
    ) async throws(ProposeError) -> Committed {
        // What this member holds may be gone by now: it asks before it says that there is nothing to do.
        if view.state.revocationList(ofAuthority: authority)?.contents.hash == list.hash { _ = try await readBarrier() }
        if let held = view.state.revocationList(ofAuthority: authority), held.contents.hash == list.hash {
            return Committed(index: held.index, result: CommandResult(id: held.id, index: held.index))
        }
        let contents = RevocationListContents(
            number: list.number, thisUpdateAt: list.thisUpdateAt, nextUpdateAt: list.nextUpdateAt, hash: list.hash,
            count: Int64(list.serials.count))
        let begun = try await propose(.beginRevocationList(BeginRevocationList(authority: authority, contents: contents)), by: actor)
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
                    _ = try await propose(.addRevokedSerials(chunk), by: actor)
                    sequence += 1
                    start = end
                }
            }
            return try await propose(.commitRevocationList(id: id), by: actor)
        } catch {
            _ = try? await propose(.removeRevocationList(id: id), by: actor)
            throw error
        }
    }
}
