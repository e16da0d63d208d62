internal import Crypto
internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// What a verifier elsewhere asks instead of us: one bit for each named token, in a list that the cluster signs (IETF Token
/// Status List, draft-ietf-oauth-status-list).
///
/// Named tokens only, because only those are on record: of another one, nobody could tell here that its subject was revoked.
package enum StatusList {
    /// Tokens in one list: 4 KiB of bits, with which the signed list is no larger than the largest token.
    package static let entriesCount: Int64 = 32_768
    /// For how long a copy may be used. Much longer than the cluster's own promise about revocations, which holds for its
    /// members; whoever needs it asks a member.
    package static let secondsMax: Int64 = 60
    package static let mediaType = "application/statuslist+jwt"

    package static func path(_ number: Int64) -> String { "/statuslists/\(number)" }

    /// The claim that tells a token's place.
    static func claim(_ index: Int64, issuer: String) -> JSON {
        ["status_list": ["idx": .integer(index % entriesCount), "uri": .string(issuer + path(index / entriesCount))]]
    }

    /// - Returns: nil for a list that was never begun.
    package static func token(_ number: Int64, in view: TokenView, now: Int64) throws(MintError) -> String? {
        guard let cluster = view.state.cluster else { throw .noCluster }
        guard (0...(view.state.statusIndexesUsed / entriesCount)).contains(number) else { return nil }
        let clock = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        let list: JSONObject = ["bits": 1, "lst": .string(Base64URL.encode(ZlibStream.stored(bits(number, in: view, at: clock))))]
        let claims: JSONObject = [
            "iss": .string(cluster.issuer), "sub": .string(cluster.issuer + path(number)), "iat": .integer(clock),
            "exp": .integer(clock + 5 * secondsMax), "ttl": .integer(secondsMax), "status_list": .object(list),
        ]
        let key = try TokenMinter.publicSigningKey(in: view, at: clock)
        do {
            return String(decoding: try JWSCompact.sign(payload: JSON.object(claims).encoded(), type: "statuslist+jwt", with: key), as: UTF8.self)
        } catch {
            throw .signingFailed
        }
    }

    /// 0 for a token that is good, 1 for every other place: revoked, expired, forgotten, or never given away. The lowest bit of
    /// the first byte is the first place.
    static func bits(_ number: Int64, in view: TokenView, at now: Int64) -> [UInt8] {
        var bits = [UInt8](repeating: 0xFF, count: Int(entriesCount / 8))
        let range = (number * entriesCount)..<((number + 1) * entriesCount)
        for record in view.state.namedTokens.values where range.contains(record.statusIndex) && isGood(record, in: view, at: now) {
            let place = Int(record.statusIndex - range.lowerBound)
            bits[place / 8] &= ~(1 << UInt8(place % 8))
        }
        return bits
    }

    private static func isGood(_ record: NamedTokenRecord, in view: TokenView, at now: Int64) -> Bool {
        let state = view.state
        guard !TokenRules.isExpired(record.expiresAt, at: now), !state.revokedTokens.contains(record.id),
            let key = state.signingKeys[record.keyID], !key.isRetired(at: now)
        else { return false }
        // The subject of a token that was minted by hand may be a certificate, too.
        if let entry = state.certificates[record.subject], view.listRefusal(ofEntry: entry, at: now) != nil { return false }
        guard !state.broadRevocations.isEmpty else { return true }
        let certificates = [record.subject, record.certificateFingerprint].compactMap(\.self)
        let names = certificates.map(RevocationTarget.name(ofCertificate:)) + [RevocationTarget.name(ofSubject: record.subject), RevocationTarget.nameOfEverything]
        return !names.contains { name in
            state.broadRevocations[name].map { TokenRules.isIssued(record.issuedAt, upTo: $0, at: now) } ?? false
        }
    }
}
