import JOSE
import Raft
import Testing
import TrustStore

@Suite("Commands as bytes")
struct CommandCodingTests {
    private func proposal(_ body: CommandBody) -> TrustStore.Proposal {
        TrustStore.Proposal(
            requestID: RequestID(high: 1, low: UInt64.max), proposedAfter: LogIndex(41), actor: Fixtures.actor, body: body)
    }

    private func text(_ proposal: TrustStore.Proposal) -> String { String(decoding: proposal.encode(), as: UTF8.self) }

    private func decode(_ text: String) throws(CommandError) -> TrustStore.Proposal { try TrustStore.Proposal(decoding: Array(text.utf8)) }

    @Test("every kind of command survives its bytes", arguments: Fixtures.allBodies)
    func roundTrip(body: CommandBody) throws {
        let proposal = proposal(body)
        #expect(try TrustStore.Proposal(decoding: proposal.encode()) == proposal)
        let command = Command(proposal, stampedAtMilliseconds: 12)
        #expect(try Command(decoding: command.encode()) == command)
        #expect(try Command(decoding: command.encode()).encode() == command.encode())
    }

    @Test("there is a body here for every kind")
    func allKindsCovered() {
        #expect(Set(Fixtures.allBodies.map(\.kind)) == Set(CommandKind.allCases))
    }

    @Test("a command of a later version is not read, whatever else it holds")
    func laterVersion() {
        #expect(throws: CommandError.unsupportedVersion(2)) { try decode(#"{"v":2,"kind":"from_the_future","x":1}"#) }
    }

    @Test("an unknown kind is an error")
    func unknownKind() {
        let changed = text(proposal(.removeMember(RemoveMember(Fixtures.memberID(2), keepUntil: 5))))
            .replacing("\"remove_member\"", with: "\"promote_member\"")
        #expect(throws: CommandError.unknownKind) { try decode(changed) }
    }

    @Test("a member nobody knows is an error at every depth", arguments: ["{\"v\"", "\"actor\":{", "\"body\":{"])
    func unknownField(place: String) throws {
        let whole = text(proposal(.removeJoinToken(id: "t1")))
        let changed =
            place == "{\"v\"" ? whole.replacing(place, with: "{\"extra\":1,\"v\"") : whole.replacing(place, with: place + "\"extra\":1,")
        #expect(changed != whole)
        let error = try #require(throws: CommandError.self) { try decode(changed) }
        guard case .malformed(let field) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(field.field.hasSuffix("extra"))
    }

    @Test("a stamp in a proposal is an error: only the leader gives the time")
    func stampedProposal() {
        let command = Command(proposal(.removeJoinToken(id: "t1")), stampedAtMilliseconds: 5)
        #expect(throws: CommandError.self) { try TrustStore.Proposal(decoding: command.encode()) }
    }

    @Test("the largest proposal is read, one byte more is not")
    func sizeBound() throws {
        // White space is the cheapest way to an exact size.
        let bytes = proposal(.removeJoinToken(id: "t1")).encode()
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: TrustStore.Proposal.encodedBytesMax - bytes.count)
        #expect(throws: Never.self) { try TrustStore.Proposal(decoding: bytes + padding) }
        #expect(throws: CommandError.tooLarge(bytesMax: TrustStore.Proposal.encodedBytesMax)) {
            try TrustStore.Proposal(decoding: bytes + padding + [UInt8(ascii: " ")])
        }
    }

    @Test("the largest founding that passes its checks fits a proposal")
    func largestFounding() throws {
        let blob = [UInt8](repeating: 0xFF, count: StateLimits.blobBytesMax)
        let words = String(repeating: "\"", count: StateLimits.textBytesMax)
        var founding = Fixtures.founding()
        (founding.name, founding.issuer) = (words, words)
        (founding.caCertificate, founding.sealedCAKey, founding.sealedServerKey) = (blob, blob, blob)
        founding.serverCertificate = Array(repeating: blob, count: StateLimits.chainCountMax)
        founding.member.addresses = Array(repeating: String(repeating: "a", count: 255) + ":65535", count: StateLimits.addressesMax)
        (founding.member.publicKey, founding.member.certificate) = (blob, blob)
        founding.signingKeys = (0..<StateLimits.foundingKeysMax).map { number in
            NewSigningKey(
                kid: String(repeating: "\(number)", count: StateLimits.tokenIDBytesMax), algorithm: .es256,
                publicKey: blob, sealedPrivateKey: blob, start: .active)
        }
        let actor = Actor(id: words, method: words, address: words)
        let proposal = TrustStore.Proposal(
            requestID: RequestID(high: 1, low: 1), proposedAfter: .zero, actor: actor, body: .foundCluster(founding))
        let command = Command(try TrustStore.Proposal(decoding: proposal.encode()), stampedAtMilliseconds: .max)
        let transition = TrustState().applying(try Command(decoding: command.encode()), at: LogIndex(1))
        #expect(transition.refusal == nil)
    }

    @Test("a leader's clock outside 1970 to 9999 does not make an entry unreadable", arguments: [Int64.min, -1, Int64.max])
    func wildClock(clock: Int64) throws {
        let command = Command(proposal(.removeJoinToken(id: "t1")), stampedAtMilliseconds: clock)
        #expect(try Command(decoding: command.encode()) == command)
        #expect((0...StateLimits.timeMillisecondsMax).contains(command.stampedAtMilliseconds))
    }

    @Test("changed bytes give an error or another command, never a trap", arguments: 0..<UInt64(40))
    func mutated(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for body in Fixtures.allBodies {
            var bytes = Command(proposal(body), stampedAtMilliseconds: 12).encode()
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[position] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: position)
                default: bytes.removeSubrange(position...)
                }
                if bytes.isEmpty { break }
            }
            guard let command = try? Command(decoding: bytes) else { continue }
            // What is read must also apply, at whatever state.
            _ = Log.founded().state.applying(command, at: LogIndex(2))
        }
    }

    @Test("whatever a leader accepts as a proposal, every member reads as a command", arguments: 0..<UInt64(40))
    func proposalsBecomeCommands(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for body in Fixtures.allBodies {
            var bytes = proposal(body).encode()
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20...0x7E, using: &random)
            guard let accepted = try? TrustStore.Proposal(decoding: bytes) else { continue }
            let command = Command(accepted, stampedAtMilliseconds: Int64(seed))
            #expect(try Command(decoding: command.encode()) == command, "seed \(seed)")
        }
    }

    @Test("request ids are 32 lower hexadecimal digits and nothing else")
    func requestIDText() {
        let id = RequestID(high: 0x0123_4567_89ab_cdef, low: 1)
        #expect(id.description == "0123456789abcdef0000000000000001")
        #expect(RequestID(id.description) == id)
        #expect(RequestID(bytes: [1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0, 0, 0, 0, 0, 0, 0, 1]) == id)
        for wrong in ["", String(repeating: "0", count: 31), String(repeating: "0", count: 33), String(repeating: "A", count: 32)] {
            #expect(RequestID(wrong) == nil)
        }
        #expect(RequestID(bytes: [1]) == nil)
    }

    @Test("outcomes survive their JSON, and a mixture is refused")
    func outcomeJSON() throws {
        let outcomes: [CommandOutcome] = [
            .done(CommandResult(id: "x", index: LogIndex(9))), .refused(CommandRefusal(.joinTokenUsed, "used")),
        ]
        for outcome in outcomes { #expect(try CommandOutcome(encodedJSON: outcome.encodedJSON) == outcome) }
        #expect(throws: JSONFieldError.self) { try CommandOutcome(encodedJSON: [:]) }
        #expect(throws: JSONFieldError.self) {
            try CommandOutcome(encodedJSON: ["done": ["id": "x", "index": 1], "refused": ["code": "invalid", "message": "m"]])
        }
    }
}
