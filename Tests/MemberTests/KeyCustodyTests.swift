import Crypto
import HashTreeCollections
import Raft
import Testing
import TrustStore

@testable import Cluster

@Suite("The data key")
struct KeyCustodyTests {
    private static let now: Int64 = 1_800_000_000

    private func applied(_ body: CommandBody, to state: TrustState, at index: UInt64) throws -> TrustState {
        let proposal = TrustStore.Proposal(requestID: .random(), proposedAfter: LogIndex(index - 1), actor: Node.system, body: body)
        let transition = state.applying(Command(proposal, stampedAtMilliseconds: Self.now * 1_000), at: LogIndex(index))
        guard case .done = transition.outcome else { throw CryptoError.authenticationFailed }
        return transition.state
    }

    @Test("what a member knew that is gone opens nothing of what is sealed after a rotation, nor does the envelope of another")
    func removedMember() throws {
        let founding = try Founding(id: MemberID(high: 1, low: 1), name: "m1", advertise: ["10.0.0.1:8443"], now: Self.now)
        let before = try applied(.foundCluster(founding.command), to: TrustState(), at: 2)
        let custody = founding.identity.custody
        let after = try applied(.rotateDataKey(try #require(try custody.rotation(of: before, from: custody.dataKey))), to: before, at: 3)
        let cluster = try #require(after.cluster)

        let gone = KeyCustody(dataKey: founding.dataKey, clusterID: cluster.id), key = try PrivateKey.generate(.p256)
        #expect(try gone.open(#require(before.cluster).sealedCAKey, for: .authorityKey).count > 0, "it had the key of its time")
        for member in [MemberID(high: 1, low: 2), founding.identity.id] {
            #expect(throws: CryptoError.authenticationFailed) { try gone.follow(after, as: member, key) }
        }
        #expect(throws: CryptoError.authenticationFailed) { try gone.open(cluster.sealedCAKey, for: .authorityKey) }
        #expect(after.signingKeys.values.allSatisfy { gone.open($0) == nil })

        #expect(try founding.identity.followDataKey(of: after))
        #expect(try custody.open(cluster.sealedCAKey, for: .authorityKey).count > 0)
        #expect(after.signingKeys.values.allSatisfy { custody.open($0) != nil })
        // A joiner is handed the key in use, and recognises it.
        let joined = KeyCustody(dataKey: custody.shared, clusterID: cluster.id)
        #expect(try joined.follow(after, as: MemberID(high: 1, low: 3), key))
        #expect(try joined.open(cluster.sealedServerKey, for: .serverKey).count > 0)
    }

    @Test("who took a view just before the data key was replaced opens what it holds, and rotates from its key: which the log refuses")
    func olderView() throws {
        let founding = try Founding(id: MemberID(high: 1, low: 1), name: "m1", advertise: ["10.0.0.1:8443"], now: Self.now)
        let before = try applied(.foundCluster(founding.command), to: TrustState(), at: 2)
        let custody = founding.identity.custody, key = custody.dataKey
        let after = try applied(.rotateDataKey(#require(try custody.rotation(of: before, from: key))), to: before, at: 3)
        #expect(try founding.identity.followDataKey(of: after))

        #expect(try custody.open(#require(before.cluster).sealedCAKey, for: .authorityKey) == custody.open(#require(after.cluster).sealedCAKey, for: .authorityKey))
        #expect(before.signingKeys.values.allSatisfy { custody.open($0) != nil })
        let late = try #require(try custody.rotation(of: before, from: key))
        #expect(throws: CryptoError.authenticationFailed) { try applied(.rotateDataKey(late), to: after, at: 4) }

        let last = try applied(.rotateDataKey(#require(try custody.rotation(of: after, from: custody.dataKey))), to: after, at: 4)
        #expect(try founding.identity.followDataKey(of: last))
        #expect(throws: CryptoError.authenticationFailed) { try custody.open(#require(before.cluster).sealedCAKey, for: .authorityKey) }
    }

    @Test("a seal for one purpose does not open for another, whatever the key's id in front of it")
    func purposes() throws {
        let custody = KeyCustody(dataKey: SecretBytes(count: 32), id: [1, 2, 3, 4, 5, 6, 7, 8], clusterID: "c")
        let sealed = try custody.seal(SecretBytes([9]), for: .signingKey(kid: "a"))
        #expect(sealed.starts(with: [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(try custody.open(sealed, for: .signingKey(kid: "a")) == SecretBytes([9]))
        for purpose in [KeyCustody.Purpose.signingKey(kid: "b"), .importedKey(id: "a"), .authorityKey, .serverKey] {
            #expect(throws: CryptoError.authenticationFailed) { try custody.open(sealed, for: purpose) }
        }
        #expect(throws: CryptoError.authenticationFailed) { try custody.open(Array(sealed.dropFirst(8)), for: .signingKey(kid: "a")) }
    }
}
