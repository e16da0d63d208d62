package import HashTreeCollections
package import Raft

/// What the cluster trusts at one index of its log: an immutable value that readers keep for as long
/// as they need it, while the next one is made beside it.
///
/// The same commands at the same indexes give equal states on every member, in every process: no
/// clock, no randomness and no hash order takes part.
package struct TrustState: Sendable, Equatable {
    /// Where every cluster begins.
    package static let firstFeatureLevel: Int64 = 1
    /// The highest level whose commands this binary can apply. Members tell each other.
    #if CREDENCE_NEXT
    package static let featureLevel: Int64 = 2
    #else
    package static let featureLevel: Int64 = 1
    #endif

    /// For so long a token must be over before its revocation may be forgotten.
    package static let endedSecondsMin: Int64 = Step.endedSecondsMin

    package internal(set) var cluster: ClusterRecord?
    package internal(set) var members: TreeDictionary<MemberID, MemberRecord> = [:]
    package internal(set) var removedMembers: TreeDictionary<MemberID, RemovedMemberRecord> = [:]
    /// By `kid`.
    package internal(set) var signingKeys: TreeDictionary<String, SigningKeyRecord> = [:]
    /// By id.
    package internal(set) var joinTokens: TreeDictionary<String, JoinTokenRecord> = [:]
    /// By `jti`, or by `VerifiedToken.importedTokenID` where there is none.
    package internal(set) var revokedTokens = RevocationTable()
    /// By the name of the target.
    package internal(set) var broadRevocations: TreeDictionary<String, BroadRevocationRecord> = [:]
    /// By `jti`.
    package internal(set) var namedTokens: TreeDictionary<String, NamedTokenRecord> = [:]
    /// By fingerprint.
    package internal(set) var certificates: TreeDictionary<String, TrustedCertificateRecord> = [:]
    /// By id.
    package internal(set) var addTokens: TreeDictionary<String, AddTokenRecord> = [:]
    /// By id.
    package internal(set) var importedKeys: TreeDictionary<String, ImportedKeyRecord> = [:]
    /// By fingerprint.
    package internal(set) var authorities: TreeDictionary<String, AuthorityRecord> = [:]
    /// By id; at most one of an authority is in force, and one on its way.
    package internal(set) var revocationLists: TreeDictionary<String, RevocationListRecord> = [:]
    /// By the id of their list.
    package internal(set) var revokedSerials: TreeDictionary<String, RevokedSerials> = [:]
    /// By fingerprint.
    package internal(set) var issuedCertificates: TreeDictionary<String, IssuedCertificateRecord> = [:]
    package internal(set) var clusterList: ClusterListRecord?
    /// The newest stamp applied: a clock that never runs backwards, the same on every member.
    package internal(set) var appliedAtMilliseconds: Int64 = 0
    /// The newest command applied. Entries of other kinds do not show here.
    package internal(set) var lastCommandIndex = LogIndex.zero
    /// Commands up to this level may be in the log: every member had said that it knows them when it was raised.
    package internal(set) var featureLevel = TrustState.firstFeatureLevel
    /// Places in status lists given away so far; they are never given twice.
    package internal(set) var statusIndexesUsed: Int64 = 0
    var requests = RequestWindow()

    package init() {}

    /// How many answers are remembered for requests that might come again.
    package var rememberedRequestsCount: Int { requests.count }

    package var settings: ClusterSettings { cluster?.settings ?? ClusterSettings() }

    /// The answer a request got, while it is remembered.
    package func outcome(of requestID: RequestID) -> CommandOutcome? { requests[requestID]?.outcome }

    package func member(named name: String) -> MemberRecord? {
        members.values.first { $0.name == name }
    }

    package func member(publicKey: [UInt8]) -> MemberRecord? {
        members.values.first { $0.publicKey == publicKey }
    }

    package func removedMember(publicKey: [UInt8]) -> RemovedMemberRecord? {
        removedMembers.values.first { $0.publicKey == publicKey }
    }

    package func broadRevocation(id: String) -> BroadRevocationRecord? {
        guard let index = UInt64(id) else { return nil }
        return broadRevocations.values.first { $0.index.rawValue == index && $0.id == id }
    }

    /// The one in force.
    package func revocationList(ofAuthority fingerprint: String) -> RevocationListRecord? {
        revocationLists.values.first { $0.isInForce && $0.authority == fingerprint }
    }

    package func joinToken(forMember name: String) -> JoinTokenRecord? {
        joinTokens.values.first { $0.memberName == name }
    }
}
