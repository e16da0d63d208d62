import HashTreeCollections
import Raft
import TrustStore

/// A random source that a failing test's seed brings back.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

enum Fixtures {
    static let actor = Actor(id: "alice", method: "token", address: "192.0.2.7:4711")
    static let hour: Int64 = 3_600
    /// A moment in 2023, in milliseconds.
    static let start: Int64 = 1_700_000_000_000
    static var startSeconds: Int64 { start / 1_000 }

    static func memberID(_ number: UInt64) -> MemberID { MemberID(high: 1, low: number) }
    static func secretHash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    static func member(_ number: UInt64, name: String? = nil, key: UInt8? = nil) -> NewMember {
        NewMember(
            id: memberID(number), name: name ?? "m\(number)", addresses: ["10.0.0.\(number % 250):8443"],
            publicKey: [key ?? UInt8(truncatingIfNeeded: number), 1], certificate: [2, 3])
    }

    static func key(
        _ kid: String, _ algorithm: SigningKeyAlgorithm = .es256, _ start: NewSigningKey.Start = .active
    ) -> NewSigningKey {
        NewSigningKey(
            kid: kid, algorithm: algorithm, publicKey: algorithm.hasPublicKey ? [4] : nil, sealedPrivateKey: [5, 6],
            start: start)
    }

    static func founding(keys: [NewSigningKey] = [key("k0")]) -> FoundCluster {
        FoundCluster(
            id: "0123456789abcdef0123456789abcdef", name: "test", issuer: "https://auth.example",
            caCertificate: [7], sealedCAKey: [8], serverCertificate: [[9], [10]], sealedServerKey: [11],
            member: member(1), signingKeys: keys)
    }

    static func joinToken(_ id: String = "t1", for name: String = "m2", secret: UInt8 = 1, in seconds: Int64 = hour) -> AddJoinToken {
        AddJoinToken(id: id, memberName: name, secretHash: secretHash(secret), expiresAt: startSeconds + seconds)
    }

    static func join(_ token: String = "t1", secret: UInt8 = 1, _ member: NewMember = member(2)) -> JoinMember {
        JoinMember(tokenID: token, secretHash: secretHash(secret), member: member)
    }

    static func named(_ id: String, key: String = "k0") -> RecordToken {
        RecordToken(
            id: id, name: "ci", subject: "svc", scopes: ["read", "write"], keyID: key, issuedAt: startSeconds, expiresAt: startSeconds + hour)
    }

    static func fingerprint(_ digit: String) -> String { String(repeating: digit, count: 64) }

    static func certificate(_ digit: String = "a", name: String = "ci") -> NewCertificate {
        NewCertificate(
            fingerprint: fingerprint(digit), certificate: Array(digit.utf8), type: .client, name: name, summary: "of \(digit)",
            isRestricted: digit == "b", projects: digit == "b" ? ["p1"] : [])
    }

    static func addToken(_ id: String = "o1", secret: UInt8 = 9, in seconds: Int64? = hour) -> NewAddToken {
        NewAddToken(
            id: id, secretHash: secretHash(secret), name: "guest", isRestricted: true, projects: ["p1", "p2"],
            expiresAt: seconds.map { startSeconds + $0 })
    }

    static func redemption(secret: UInt8 = 9, digit: String = "c") -> RedeemAddToken {
        RedeemAddToken(secretHash: secretHash(secret), fingerprint: fingerprint(digit), certificate: Array(digit.utf8))
    }

    static func imported(_ id: String, _ origin: ImportedKeyOrigin = .forest) -> ImportKey {
        ImportKey(id: id, origin: origin, name: "node of \(id)", sealedSecret: [12, 13])
    }

    static func authority(_ digit: String = "a", name: String = "CA") -> NewAuthority {
        NewAuthority(
            fingerprint: fingerprint(digit), certificate: Array(digit.utf8), type: .client, isRestricted: digit == "b",
            projects: digit == "b" ? ["p1"] : [], name: name, summary: "of \(digit)", overdue: digit == "b" ? .warn : .refuse,
            listURL: digit == "b" ? "http://ca.example/b.crl" : nil, listRefreshSeconds: digit == "b" ? 60 : nil)
    }

    static func list(_ number: String?, at this: Int64 = startSeconds, count: Int64 = 2) -> RevocationListContents {
        RevocationListContents(
            number: number, thisUpdateAt: this, nextUpdateAt: this + hour, hash: secretHash(3), count: count)
    }

    static func issued(_ digit: String, through expiresAt: Int64 = startSeconds + hour) -> IssueCertificate {
        IssueCertificate(entry: certificate(digit), serial: [1] + Array(digit.utf8), expiresAt: expiresAt)
    }

    static func clusterList(_ number: Int64, at this: Int64 = startSeconds) -> ClusterListRecord {
        ClusterListRecord(
            number: number, thisUpdateAt: this, nextUpdateAt: this + hour, hash: secretHash(4), count: 1, der: [0x30, 0],
            formerDER: number == 1 ? nil : [0x30, 0, 0])
    }

    /// All of the length of the first.
    static func serials(_ list: String, _ serials: [[UInt8]], at sequence: Int64 = 0) -> RevokedSerialsRecord {
        RevokedSerialsRecord(list: list, sequence: sequence, length: serials[0].count, bytes: serials.flatMap(\.self))
    }

    /// Of the founded cluster.
    static func newAuthority(_ byte: UInt8 = 20, after former: [UInt8] = [7], overlap seconds: Int64 = hour) -> RotateAuthority {
        RotateAuthority(certificate: [byte], sealedKey: [byte, 1], former: former, overlapSeconds: seconds, fingerprint: fingerprint("9"))
    }

    static func dataKeyID(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: RotateDataKey.idByteCount) }

    /// Of the founded cluster, unless told otherwise.
    static func rotation(
        _ number: UInt8 = 1, after former: UInt8? = nil, members: [UInt64] = [1], signing kids: [String] = [], imported ids: [String] = []
    ) -> RotateDataKey {
        let (id, cluster) = (dataKeyID(number), founding())
        return RotateDataKey(
            id: id, formerID: former.map(dataKeyID) ?? [], members: members.map { RotateDataKey.Resealed(memberID($0).description, [number, UInt8($0)]) },
            signingKeys: kids.map { RotateDataKey.Resealed($0, id + [1]) }, importedKeys: ids.map { RotateDataKey.Resealed($0, id + [2]) },
            caCertificate: cluster.caCertificate, sealedCAKey: id + [3], serverCertificate: cluster.serverCertificate[0],
            sealedServerKey: id + [4])
    }

    /// One body of every kind, with every optional field present in at least one.
    static let allBodies: [CommandBody] = [
        .foundCluster(founding(keys: [key("k0"), key("h", .hs256, .pending(activateInSeconds: 5))])),
        .addJoinToken(joinToken()),
        .removeJoinToken(id: "t1"),
        .joinMember(join()),
        .changeMemberAddresses(member: memberID(1), addresses: ["[::1]:8443", "a.example:1"]),
        .changeMember(ChangeMember(memberID(2), isLeaving: true)),
        .changeMember(
            ChangeMember(
                memberID(2), expectedVersion: LogIndex(3), name: "m9", addresses: ["h:1"], role: .replica, isLeaving: false, summary: "",
                failureDomain: "rack 1")),
        .removeMember(RemoveMember(memberID(2), keepUntil: startSeconds + hour)),
        .renewMemberCertificate(RenewMemberCertificate(memberID(2), publicKey: [2], certificate: [3])),
        .renewMemberCertificate(
            RenewMemberCertificate(memberID(2), publicKey: [2], certificate: [3], former: FormerCertificateRecord(serial: [1], expiresAt: 9))),
        .setServerCertificate(SetServerCertificate(chain: [[1], [2]], sealedKey: [3], isOperators: true, fingerprint: fingerprint("a"), former: [4])),
        .rotateDataKey(rotation(members: [1], signing: ["k0"], imported: ["i1"])),
        .rotateDataKey(rotation(2, after: 1)),
        .rotateAuthority(newAuthority()),
        .endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [9], chain: [[21], [20]])),
        .endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [9], chain: nil)),
        .addSigningKey(key("k1", .edDSA, .pending(activateInSeconds: nil))),
        .activateSigningKey(kid: "k1", retiringSeconds: 60),
        .retireSigningKey(kid: "k0", retiringSeconds: 0),
        .removeSigningKey(kid: "k0"),
        .revokeToken(RevokeToken(tokenID: "j1", expiresAt: 99, reason: "stolen \"laptop\" \u{1F4BB}")),
        .revokeTokens(RevokeTokens([RevokeTokens.Token(id: "a", expiresAt: 5), RevokeTokens.Token(id: "b", expiresAt: nil)], reason: "leak")),
        .forgetRevocations(tokenIDs: ["a", "b"]),
        .revoke(Revoke(.subject("bob", before: 5), reason: "left")),
        .revoke(Revoke(.subject("bob", before: nil), reason: nil)),
        .revoke(Revoke(.certificate(fingerprint: fingerprint("e")), reason: "lost")),
        .revoke(Revoke(.key(kid: "k0"), reason: nil)),
        .revoke(Revoke(.everything(before: 7), reason: nil)),
        .withdrawRevocation(id: "12"),
        .recordToken(named("j2")),
        .removeNamedToken(id: "j2", reason: "gone"),
        .addCertificate(certificate("b")),
        .changeCertificate(ChangeCertificate(fingerprint: fingerprint("b"))),
        .changeCertificate(
            ChangeCertificate(
                fingerprint: fingerprint("b"), expectedVersion: LogIndex(3), name: "n", summary: "", isRestricted: false, projects: [],
                replacement: ChangeCertificate.Replacement(fingerprint: fingerprint("d"), certificate: [1]))),
        .removeCertificate(fingerprint: fingerprint("b"), expectedVersion: LogIndex(4)),
        .removeCertificate(fingerprint: fingerprint("b"), expectedVersion: nil),
        .addAddToken(addToken()),
        .addAddToken(addToken(in: nil)),
        .removeAddToken(id: "o1"),
        .redeemAddToken(redemption()),
        .addAuthority(authority("b")),
        .changeAuthority(ChangeAuthority(fingerprint: fingerprint("b"))),
        .changeAuthority(
            ChangeAuthority(
                fingerprint: fingerprint("b"), name: "n", summary: "", isRestricted: false, projects: [], overdue: .refuse, listURL: "",
                listRefreshSeconds: 0)),
        .removeAuthority(fingerprint: fingerprint("b")),
        .beginRevocationList(BeginRevocationList(authority: fingerprint("b"), contents: list("1f"))),
        .beginRevocationList(BeginRevocationList(authority: fingerprint("b"), contents: list(nil))),
        .addRevokedSerials(serials("0000000000000002", [[1], [2]])),
        .commitRevocationList(id: "0000000000000002"),
        .removeRevocationList(id: "0000000000000002"),
        .issueCertificate(issued("f")),
        .forgetIssuedCertificates,
        .publishClusterList(clusterList(1)),
        .publishClusterList(clusterList(2)),
        .raiseFeatureLevel(2),
        .changeSettings(
            SettingsChange(
                nbfLeewaySeconds: 1, maxStalenessMilliseconds: 10_000, stalenessPolicy: .serve, joinTokenSeconds: 60, addTokenSeconds: 600,
                tokenSecondsDefault: 30, tokenSecondsMax: 90, keyRotationSeconds: 3_600, votersMax: 5)),
        .importKey(imported("i1")),
        .removeImportedKey(id: "i1"),
        .rebuildCluster(RebuildCluster(origin: .backup, member: member(9), revokeBefore: 7)),
        .rebuildCluster(RebuildCluster(origin: .survivor, member: member(1))),
    ]
}

/// A log being applied, with the rows that a member would have stored on the way.
struct Log {
    private(set) var state = TrustState()
    private(set) var rows: [StateCollection: [String: [UInt8]]] = [:]
    var index: UInt64 = 0
    var clock = Fixtures.start
    private var requests: UInt64 = 0

    /// A log whose first entry founds the cluster.
    static func founded() -> Log {
        var log = Log()
        log.apply(.foundCluster(Fixtures.founding()))
        return log
    }

    /// As an operator and the leader do it, one after the other.
    mutating func remove(_ number: UInt64) {
        let member = Fixtures.memberID(number)
        apply(.changeMember(ChangeMember(member, isLeaving: true)))
        apply(.removeMember(RemoveMember(member, keepUntil: Fixtures.startSeconds + Fixtures.hour)))
    }

    mutating func nextRequest() -> RequestID {
        requests += 1
        return RequestID(high: 7, low: requests)
    }

    /// Applies one command as the next entry, `after` milliseconds later.
    @discardableResult
    mutating func apply(
        _ body: CommandBody, request: RequestID? = nil, proposedAfter: UInt64? = nil,
        by actor: Actor = Fixtures.actor, after milliseconds: Int64 = 0
    ) -> Transition {
        clock += milliseconds
        let proposal = TrustStore.Proposal(
            requestID: request ?? nextRequest(), proposedAfter: LogIndex(proposedAfter ?? index), actor: actor, body: body)
        return apply(Command(proposal, stampedAtMilliseconds: clock))
    }

    @discardableResult
    mutating func apply(_ command: Command) -> Transition {
        index += 1
        let transition = state.applying(command, at: LogIndex(index))
        state = transition.state
        for change in transition.changes { rows[change.collection, default: [:]][change.key] = change.value }
        return transition
    }

    /// The state as a restarted member would load it.
    func reloaded() throws -> TrustState {
        try TrustState.load(
            rows.flatMap { collection, rows in
                rows.map { (collection: collection.rawValue, key: $0.key, value: $0.value) }
            })
    }
}

extension Transition {
    var refusal: RefusalCode? {
        if case .refused(let refusal) = outcome { refusal.code } else { nil }
    }

    var result: CommandResult? {
        if case .done(let result) = outcome { result } else { nil }
    }
}
