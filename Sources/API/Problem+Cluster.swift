import Cluster
import Crypto
import HTTPTypes
import JOSE
import Tokens
import TrustStore

/// Which answer each failure of the layers below becomes. The switches have no default: a new case
/// must choose its answer.
extension Problem {
    init(_ error: ProposeError) {
        switch error {
        case .noLeader:
            self = .unavailable("no_leader: no leader answered in time and nothing was changed; try again, on any member")
        case .outcomeUnknown:
            self = .unavailable(
                "outcome_unknown: the change was sent to a leader that did not answer in time; repeat the request "
                    + "with the same Idempotency-Key to learn what became of it")
        case .refused(let refusal):
            self.init(refusal)
        case .notApplied(let wanted, let applied):
            self = .unavailable(
                "not_applied: this member has applied index \(applied) and not yet \(wanted); try again, or ask another member")
        case .busy:
            self = .unavailable("busy: too many changes are waiting here; nothing was changed, try again")
        case .tooLarge:
            self = .badRequest("the change is larger than an entry of the log may be")
        case .notUnderstoodByLeader:
            self = .unavailable(
                "not_understood: the leader runs a version that does not know this change; upgrade it", retryAfterSeconds: 30)
        case .featureLevel(let needed, let behind):
            self = .conflict(
                "this needs feature level \(needed), and not every member has it: \(behind.joined(separator: ", ")); upgrade "
                    + "them, and the cluster follows by itself")
        case .halted(let reason):
            self = .unavailable("halted: this member no longer takes part: \(reason)", retryAfterSeconds: 30)
        case .storageUnavailable(let reason):
            self = .unavailable("storage_unavailable: \(reason); nothing was changed", retryAfterSeconds: 5)
        case .cancelled:
            self = .unavailable("cancelled: the caller hung up")
        case .stopping:
            self = .unavailable("stopping: this member is shutting down; ask another member")
        case .keyUnavailable(let reason):
            self = .unavailable("key_unavailable: \(reason)", retryAfterSeconds: 30)
        }
    }

    init(_ error: RevocationListFetchError) {
        switch error {
        case .noAuthority: self = .notFound("Authority not found")
        case .noURL: self = .conflict("the authority has no crl_url; set one with PATCH (credence authority edit --crl-url)")
        case .underWay: self = .conflict("\(error) here; try again when it is done")
        case .noThread: self = .unavailable("busy: \(error)")
        case .notCommitted(.refused), .server, .status, .refused: self.init(.badGateway, "crl_fetch_failed: \(error)")
        case .notCommitted(let obstacle): self.init(obstacle)
        }
    }

    init(_ error: TransferError) {
        switch error {
        case .noLeader: self = .unavailable("no_leader: nobody leads at the moment, so there is nothing to hand over; try again")
        case .unknownMember(let name): self = .notFound("the cluster has no member \(name)")
        case .notVoter(let name): self = .conflict("\(name) is a replica; only a voter can lead")
        case .alreadyLeader(let name): self = .conflict("\(name) leads already")
        case .silent(let name): self = .conflict("\(name) has not been heard of lately; see `credence cluster status`")
        case .nobodyToTakeOver: self = .conflict("no other voter has been heard of lately, so nobody could take over")
        case .notTakenOver:
            self = .unavailable("not_taken_over: nobody took over in time, and the former leader goes on; try again")
        case .halted(let reason): self = .unavailable("halted: this member no longer takes part: \(reason)", retryAfterSeconds: 30)
        case .stopping: self = .unavailable("stopping: this member is shutting down; ask another member")
        }
    }

    init(_ error: RemovalError) {
        switch error {
        case .unknownMember: self = .notFound("Cluster member not found")
        case .quorumAtRisk(let reason): self = .conflict(reason)
        case .notCommitted(let error): self.init(error)
        case .takenBack(let name): self = .conflict("the removal of \(name) was taken back meanwhile")
        case .underWay(let name):
            self = .unavailable(
                "removing: \(name) is leaving, and the leader goes on by itself as soon as it can; see `credence cluster status`", retryAfterSeconds: 5)
        }
    }

    init(_ error: HealError) {
        switch error {
        case .notRunning: self = .unavailable("this member no longer takes part in the log; restart it, or remove it and join again")
        case .nobodyToHealFrom: self = .conflict("no other member votes, so there is nobody to heal from")
        case .leads:
            self = .conflict("this member leads and cannot heal from itself; first `credence cluster transfer`, then again")
        }
    }

    init(_ error: AuditError) {
        switch error {
        case .unreadable(let reason): self = Problem(.internalServerError, "the audit record cannot be read: \(reason)")
        case .busy: self = .unavailable("busy: too much is being listed here at the moment")
        case .stopping: self = .unavailable("stopping: this member is shutting down; ask another member")
        }
    }

    init(_ failure: BackupFailure) {
        switch failure {
        case .busy: self = .unavailable("busy: another backup is being made or sent here; try again when it is done, or ask another member", retryAfterSeconds: 10)
        case .passphraseRequired:
            self = .conflict(
                "this member's keystore has no passphrase that could seal the data key inside the backup: give one (--passphrase-file, or POST "
                    + "{\"passphrase\": ...}), or ask for a file from which whoever reads it has every key of the cluster (--key-in-clear, or ?data_key=clear)")
        case .passphraseUnusable: self = .field("passphrase", "must be 1 to \(Scrypt.passphraseBytesMax) bytes long")
        case .notFounded: self = .unavailable("this member has not learnt yet what its cluster trusts; try again, or ask another member")
        case .outOfService(let reason): self = .conflict("this member is out of service, so a backup of it would be of no use: \(reason); ask another member")
        case .unavailable(let reason): self = .unavailable("no backup was made: \(reason)", retryAfterSeconds: 10)
        case .stopping: self = .unavailable("stopping: this member is shutting down; ask another member")
        }
    }

    init(_ failure: MintFailure) {
        switch failure {
        case .request(let error): self.init(error)
        case .log(let error): self.init(error)
        case .memberStale: self = .memberStale
        }
    }

    init(_ error: MintError) {
        switch error {
        case .invalid(let field): self.init(field)
        case .tooLarge: self = .badRequest("\(error)")
        case .noActiveKey: self = .conflict("\(error); make one with POST /1.0/keys")
        case .noCluster, .signingFailed: self = .unavailable("\(error)")
        }
    }

    init(_ refusal: CommandRefusal) {
        self.init(refusal.code.status, refusal.message)
    }

    init(_ error: JSONFieldError) {
        self = .badRequest(error.message)
    }

    init(_ error: JSONError) {
        self = .badRequest("the body is not valid JSON: \(error)")
    }

    /// For rules that a handler checks itself, in the words of `JSONFieldError`.
    static func field(_ name: String, _ rule: String) -> Problem {
        Problem(JSONFieldError(field: name, rule))
    }
}

extension RefusalCode {
    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .invalid, .memberNameInvalid, .memberIsLast, .revocationListOlder, .signingKeyTooEarly, .requestTooOld: .badRequest
        case .joinTokenUnknown, .joinTokenUsed, .joinTokenExpired, .joinTokenMismatch, .addTokenUnknown, .addTokenExpired: .forbidden
        case .certificateChanged, .memberChanged: .preconditionFailed
        case .memberTooOld, .memberRole, .memberRemoved, .dataKeyChanged, .authorityOverlaps: .conflict
        case .memberUnknown, .signingKeyUnknown, .namedTokenUnknown, .certificateUnknown, .revocationUnknown, .importedKeyUnknown,
            .authorityUnknown: .notFound
        case .clusterExists, .clusterNotFounded, .requestReused, .limitReached, .memberNameTaken, .memberIDTaken,
            .memberKeyTaken, .joinTokenExists, .signingKeyExists, .signingKeyState, .namedTokenExists,
            .certificateExists, .certificateRevoked, .addTokenExists, .authorityExists, .revocationListUnknown, .revocationFinal:
            .conflict
        }
    }
}
