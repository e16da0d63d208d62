import JOSE
import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("The same log gives the same state")
struct ReplayTests {
    /// Commands that meet: few ids, so that most things exist, are repeated, replaced and removed.
    private static func commands(seed: UInt64, count: Int) -> [(command: Command, gap: UInt64)] {
        var random = SeededRandom(seed: seed)
        var clock = Fixtures.start
        var index: UInt64 = 0
        var begun = LogIndex(2)
        return (0..<count).map { number in
            let gap: UInt64 = Int.random(in: 0..<50, using: &random) == 0 ? .random(in: 1...70_000, using: &random) : 0
            index += 1 + gap
            clock += .random(in: -2_000...20_000, using: &random)
            let request = RequestID(high: 0, low: .random(in: 0..<UInt64(count) * 3, using: &random))
            let age = min(index - 1, Bool.random(using: &random) ? .random(in: 0...3, using: &random) : .random(in: 0...70_000, using: &random))
            let body = number == 0 ? CommandBody.foundCluster(Fixtures.founding()) : self.body(&random, begun: begun)
            if case .beginRevocationList = body { begun = LogIndex(index) }
            let proposal = TrustStore.Proposal(
                requestID: request, proposedAfter: LogIndex(index - 1 - age), actor: Fixtures.actor, body: body)
            return (Command(proposal, stampedAtMilliseconds: clock), gap)
        }
    }

    private static func body(_ random: inout SeededRandom, begun: LogIndex) -> CommandBody {
        let small = UInt64.random(in: 1...4, using: &random)
        let kid = "k\(UInt64.random(in: 0...4, using: &random))"
        let jti = "j\(UInt64.random(in: 0...9, using: &random))"
        let seconds: Int64 = ([0, 5, 60] as [Int64]).randomElement(using: &random) ?? 0
        let digit = ["a", "b", "c"].randomElement(using: &random) ?? "a"
        switch Int.random(in: 0..<30, using: &random) {
        // Seldom: it takes members and tokens away.
        case 0 where Int.random(in: 0..<40, using: &random) == 0:
            return .rebuildCluster(RebuildCluster(origin: .backup, member: Fixtures.member(small), revokeBefore: Bool.random(using: &random) ? seconds : nil))
        case 0: return .foundCluster(Fixtures.founding())
        case 1, 2: return .addJoinToken(Fixtures.joinToken("t\(small)", for: "m\(small % 3 + 1)", in: seconds * 50))
        case 3: return .removeJoinToken(id: "t\(small)")
        case 4: return .joinMember(Fixtures.join("t\(small)", Fixtures.member(small % 3 + 1, key: UInt8(seconds))))
        case 5:
            let member = Fixtures.memberID(small)
            return switch Int.random(in: 0..<5, using: &random) {
            case 0: .setServerCertificate(SetServerCertificate(chain: [[UInt8(small)]], sealedKey: [7], isOperators: Bool.random(using: &random), fingerprint: Fixtures.fingerprint("a")))
            case 2: .rotateDataKey(Fixtures.rotation(UInt8(small), signing: [kid]))
            case 3 where Bool.random(using: &random): .rotateAuthority(Fixtures.newAuthority(UInt8(small) + 20, after: [7], overlap: seconds))
            case 3: .endAuthorityOverlap(EndAuthorityOverlap(former: [7], shown: [9], chain: Bool.random(using: &random) ? [[9], [20]] : nil))
            case 1: .renewMemberCertificate(RenewMemberCertificate(member, publicKey: Fixtures.member(small).publicKey, certificate: [8, UInt8(small)]))
            default: .changeMemberAddresses(member: member, addresses: ["h\(small):\(small)"])
            }
        case 6:
            guard Bool.random(using: &random) else { return .removeMember(RemoveMember(Fixtures.memberID(small), keepUntil: Fixtures.startSeconds + seconds)) }
            return .changeMember(
                ChangeMember(
                    Fixtures.memberID(small), name: Bool.random(using: &random) ? "m\(small)" : nil, role: RoleWish.allCases.randomElement(using: &random),
                    isLeaving: Bool.random(using: &random)))
        case 7:
            let start = Bool.random(using: &random) ? NewSigningKey.Start.active : .pending(activateInSeconds: seconds)
            return .addSigningKey(Fixtures.key(kid, SigningKeyAlgorithm.allCases.randomElement(using: &random) ?? .es256, start))
        case 8: return .activateSigningKey(kid: kid, retiringSeconds: seconds)
        case 9: return .retireSigningKey(kid: kid, retiringSeconds: seconds)
        case 10: return Bool.random(using: &random) ? .removeSigningKey(kid: kid) : .removeNamedToken(id: jti, reason: nil)
        case 11: return .revokeToken(RevokeToken(tokenID: jti, expiresAt: nil, reason: "r"))
        // Seldom: from then on joiners of the first level are refused.
        case 12 where Int.random(in: 0..<20, using: &random) == 0: return .raiseFeatureLevel(Int64(small))
        case 13:
            let policy = StalenessPolicy.allCases.randomElement(using: &random) ?? .refuse
            return .changeSettings(SettingsChange(nbfLeewaySeconds: Int64(small), stalenessPolicy: policy))
        case 14: return .addCertificate(Fixtures.certificate(digit))
        case 15:
            let version = Bool.random(using: &random) ? nil : LogIndex(small)
            guard Bool.random(using: &random) else { return .removeCertificate(fingerprint: Fixtures.fingerprint(digit), expectedVersion: version) }
            let replacement = ChangeCertificate.Replacement(fingerprint: Fixtures.fingerprint("d"), certificate: [4])
            return .changeCertificate(
                ChangeCertificate(
                    fingerprint: Fixtures.fingerprint(digit), expectedVersion: version, name: "n\(seconds)",
                    replacement: Bool.random(using: &random) ? replacement : nil))
        case 16:
            let token = Fixtures.addToken("o\(small)", secret: UInt8(small), in: seconds * 50)
            return Bool.random(using: &random) ? .addAddToken(token) : .removeAddToken(id: "o\(small)")
        case 17: return .redeemAddToken(Fixtures.redemption(secret: UInt8(small), digit: digit))
        case 18:
            let targets: [Revoke.Target] = [
                .subject(jti, before: nil), .subject(jti, before: seconds), .certificate(fingerprint: Fixtures.fingerprint(digit)),
                .key(kid: kid), .everything(before: nil),
            ]
            return .revoke(Revoke(targets.randomElement(using: &random) ?? targets[0], reason: nil))
        case 19: return .withdrawRevocation(id: "\(UInt64.random(in: 2...40, using: &random))")
        case 20:
            let tokens = (0...small).map { RevokeTokens.Token(id: "j\($0)", expiresAt: Fixtures.startSeconds + seconds) }
            return .revokeTokens(RevokeTokens(tokens, reason: nil))
        case 21: return .forgetRevocations(tokenIDs: [jti, "j\(small)"])
        case 22: return .importKey(Fixtures.imported("i\(small)", ImportedKeyOrigin.allCases.randomElement(using: &random) ?? .lotus))
        case 23: return .removeImportedKey(id: "i\(small)")
        case 24:
            let fingerprint = Fixtures.fingerprint(digit)
            let change = ChangeAuthority(fingerprint: fingerprint, name: "n\(small)", listURL: Bool.random(using: &random) ? "" : "http://h/\(small)")
            return [.addAuthority(Fixtures.authority(digit)), .changeAuthority(change), .removeAuthority(fingerprint: fingerprint)]
                .randomElement(using: &random) ?? .changeAuthority(change)
        case 25, 26, 27: return listBody(digit, begun, &random)
        case 28: return Bool.random(using: &random) ? .issueCertificate(Fixtures.issued(digit, through: seconds)) : .forgetIssuedCertificates
        case 29: return .publishClusterList(Fixtures.clusterList(Int64(small)))
        default: return .recordToken(Fixtures.named(jti, key: kid))
        }
    }

    /// An import is of several entries that must meet, so each step is likely to find the one before it.
    private static func listBody(_ digit: String, _ begun: LogIndex, _ random: inout SeededRandom) -> CommandBody {
        let id = RevocationListRecord.id(begun)
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
            let number: String? = Bool.random(using: &random) ? nil : ["1", "a", "10"].randomElement(using: &random)
            return .beginRevocationList(
                BeginRevocationList(authority: Fixtures.fingerprint(digit), contents: Fixtures.list(number, count: .random(in: 0...2, using: &random))))
        case 2, 3: return .addRevokedSerials(Fixtures.serials(id, [[.random(in: 0...3, using: &random)]], at: .random(in: 0...1, using: &random)))
        case 4: return .commitRevocationList(id: id)
        default: return .removeRevocationList(id: id)
        }
    }

    @Test("applied once, replayed from bytes, or reloaded from rows: one state", arguments: 0..<UInt64(24))
    func replay(seed: UInt64) throws {
        let commands = Self.commands(seed: seed, count: 300)
        var live = Log()
        var replayed = Log()
        for (command, gap) in commands {
            live.index += gap
            let first = live.apply(command)
            replayed.index += gap
            let second = replayed.apply(try Command(decoding: command.encode()))
            #expect(first.outcome == second.outcome && first.changes == second.changes, "seed \(seed) entry \(live.index)")
        }
        #expect(live.state == replayed.state, "seed \(seed)")
        #expect(try live.reloaded() == live.state, "seed \(seed)")
    }

    @Test("a member that restarts at any entry goes on as if it had not", arguments: 0..<UInt64(12))
    func restarts(seed: UInt64) throws {
        var random = SeededRandom(seed: seed &+ 1_000)
        var live = Log()
        var restarting = TrustState()
        for (command, gap) in Self.commands(seed: seed, count: 200) {
            live.index += gap
            live.apply(command)
            restarting = restarting.applying(command, at: LogIndex(live.index)).state
            #expect(restarting == live.state, "seed \(seed) entry \(live.index)")
            if Int.random(in: 0..<20, using: &random) == 0 { restarting = try live.reloaded() }
        }
    }

    @Test("a refusal or a repeat changes the time and the answers, nothing else", arguments: 0..<UInt64(12))
    func refusalsChangeNothing(seed: UInt64) {
        var live = Log()
        for (command, gap) in Self.commands(seed: seed, count: 300) {
            live.index += gap
            let before = live.state
            let transition = live.apply(command)
            guard transition.refusal != nil || transition.isRepeat else { continue }
            #expect(Set(transition.changes.map(\.collection)).isSubset(of: [.meta, .requests]))
            #expect(live.state.cluster == before.cluster && live.state.members == before.members)
            #expect(live.state.signingKeys == before.signingKeys && live.state.joinTokens == before.joinTokens)
            #expect(live.state.certificates == before.certificates && live.state.addTokens == before.addTokens)
            #expect(live.state.broadRevocations == before.broadRevocations)
            #expect(live.state.authorities == before.authorities && live.state.revocationLists == before.revocationLists)
            #expect(live.state.revokedSerials == before.revokedSerials)
            #expect(live.state.issuedCertificates == before.issuedCertificates && live.state.clusterList == before.clusterList)
            #expect(live.state.revokedTokens == before.revokedTokens && live.state.namedTokens == before.namedTokens)
            #expect(live.state.importedKeys == before.importedKeys)
        }
    }

    @Test("the random commands reach grants and refusals of many kinds")
    func coverage() {
        var refusals: Set<RefusalCode> = []
        var granted: Set<CommandKind> = []
        var repeats = 0
        for seed in 0..<UInt64(96) {
            var live = Log()
            for (command, gap) in Self.commands(seed: seed, count: 300) {
                live.index += gap
                let transition = live.apply(command)
                if let refusal = transition.refusal { refusals.insert(refusal) } else { granted.insert(command.body.kind) }
                repeats += transition.isRepeat ? 1 : 0
            }
        }
        #expect(granted == Set(CommandKind.allCases))
        #expect(refusals.count >= 15, "\(refusals)")
        #expect(repeats > 100)
    }

    @Test("time never runs backwards, whatever the leaders' clocks do")
    func monotoneTime() {
        var log = Log.founded()
        var last = log.state.appliedAtMilliseconds
        for step in [5_000, -9_000, 1, -1, Int64(1) << 41, -(Int64(1) << 41)] {
            log.apply(.removeJoinToken(id: "x"), after: step)
            #expect(log.state.appliedAtMilliseconds >= last)
            last = log.state.appliedAtMilliseconds
        }
    }

    @Test("the log's own text of a founded state is stable: a change here is a change of format")
    func stableBytes() throws {
        var log = Log.founded()
        log.apply(.revokeToken(RevokeToken(tokenID: "j1", expiresAt: 7, reason: nil)))
        let row = try #require(log.rows[.revokedTokens]?["j1"])
        #expect(
            String(decoding: row, as: UTF8.self)
                == #"{"token_id":"j1","expires_at":7,"created_at":1700000000,"created_by":"alice","index":2}"#)
        let request = try #require(log.rows[.requests]?["0000000000000002"])
        #expect(
            String(decoding: request, as: UTF8.self)
                == #"{"request_id":"00000000000000070000000000000002","index":2,"kind":"revoke_token","outcome":{"done":{"id":"2","index":2}}}"#)
    }
}
