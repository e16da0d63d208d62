import Crypto
import Cluster
import HashTreeCollections
import EventLoop
import JOSE
import Raft
import Storage
import Testing
import Tokens
import TrustStore

/// A real member, whose cluster's data key is rotated.
@Suite("Rotation of the data key on a member", .serialized)
struct DataKeyTests {
    private static let admin = TrustStore.Actor(id: "test", method: "unix", address: nil)

    private func sealed(_ member: Member) -> [[UInt8]] {
        let state = member.view.state
        return state.signingKeys.values.map(\.sealedPrivateKey) + state.importedKeys.values.map(\.sealedSecret)
            + [state.cluster?.sealedCAKey ?? [], state.cluster?.sealedServerKey ?? []]
    }

    @Test("tokens of every kind stay good, new ones are made, and so it is after rotations and restarts", arguments: [nil, "pass"])
    func rotation(passphrase: String?) async throws {
        let home = try TestDirectory(passphrase: passphrase)
        var member = try await home.ready()
        let shared = try await member.createSigningKey(.hs256, activateIn: 0, by: Self.admin)
        try await member.until { $0.state.signingKeys[shared.kid]?.state == .active }
        let secret = SecretBytes([UInt8](repeating: 7, count: 32))
        let imported = try await member.importKey(secret, from: .lotus, name: nil, by: Self.admin)
        var request = MintRequest(subject: "a", scopes: ["read"])
        let pair = try await member.mint(request, by: Self.admin)
        request.algorithm = .hs256
        let symmetric = try await member.mint(request, by: Self.admin)
        for _ in 0..<2 {
            let before = sealed(member)
            try await member.rotateDataKey(by: Self.admin)
            let id = try #require(member.view.state.cluster?.dataKeyID)
            #expect(sealed(member).allSatisfy { $0.starts(with: id) && !before.contains($0) })
            for _ in 0..<2 {
                #expect(member.reason(of: pair.token) == nil && member.reason(of: symmetric.token) == nil)
                let new = try await member.mint(request, by: Self.admin)
                #expect(member.reason(of: new.token) == nil)
                // The same secret is still recognised.
                #expect(try await member.importKey(secret, from: .lotus, name: nil, by: Self.admin).id == imported.id)
                _ = try await member.createSigningKey(.es256, activateIn: nil, by: Self.admin)
                await member.stop()
                member = try await home.ready()
            }
        }
        await member.stop()
    }

    @Test("a backup that was made after a rotation opens with the passphrase that the keystore had, and what was signed stays good")
    func backup() async throws {
        let home = try TestDirectory(passphrase: "old")
        let member = try await home.ready()
        try await member.rotateDataKey(by: Self.admin)
        let key = try await member.createSigningKey(.hs256, activateIn: 0, by: Self.admin)
        try await member.until { $0.state.signingKeys[key.kid]?.state == .active }
        var request = MintRequest(subject: "a", scopes: ["read"])
        request.algorithm = .hs256
        let token = try await member.mint(request, by: Self.admin)
        for sealing in [BackupSealing.keystore, .passphrase(SecretBytes(Array("old".utf8))), .inClear] {
            let path = home.path + ".snapshot"
            defer { try? PrivateFile.remove(path) }
            let stream = try await member.backup(sealing: sealing, by: "test")
            var bytes: [UInt8] = []
            while UInt64(bytes.count) < stream.byteCount, let piece = await stream.next() { bytes += piece }
            try PrivateFile.write(bytes, to: path)
            let other = try TestDirectory(passphrase: "new")
            try Restoring(
                path: path, dataDirectory: other.path, name: "r1", advertise: ["127.0.0.1:9443"], encryptsKeystore: true,
                passphrase: SecretBytes(Array("new".utf8)), backupPassphrase: SecretBytes(Array("old".utf8)), revokeBefore: nil
            ).run()
            let restored = try await other.ready()
            #expect(restored.reason(of: token.token) == nil)
            try await restored.rotateDataKey(by: Self.admin)
            #expect(restored.reason(of: token.token) == nil)
            await restored.stop()
        }
        await member.stop()
    }

    /// So is a joiner that is killed before it has read the entry which leads to the data key of its keystore.
    @Test("a member whose state was sealed under another key than its keystore holds starts, and lets no such key sign or verify")
    func startsWithAnotherKey() async throws {
        let home = try TestDirectory()
        let member = try await home.ready()
        let key = try await member.createSigningKey(.hs256, activateIn: 0, by: Self.admin)
        try await member.until { $0.state.signingKeys[key.kid]?.state == .active }
        var request = MintRequest(subject: "a", scopes: ["read"])
        request.algorithm = .hs256
        let token = try await member.mint(request, by: Self.admin)
        await member.stop()

        let (path, lock) = (home.path + "/keystore.json", KeystoreLock.keyFile(path: home.path + "/keystore.key"))
        let kept = try Keystore.open(path: path, lock: lock)
        let membership = try #require(kept.membership)
        try PrivateFile.remove(path)
        _ = try Keystore.create(
            path: path, memberID: kept.memberID, memberKey: kept.memberKey,
            membership: Keystore.Membership(clusterID: membership.clusterID, dataKey: SecretBytes(count: 32)), lock: lock)
        let other = try await home.ready()
        #expect(other.reason(of: token.token) == .unknownKey)
        await #expect(throws: (any Error).self) { try await other.mint(request, by: Self.admin) }
        await #expect(throws: (any Error).self) { try await other.rotateDataKey(by: Self.admin) }
        await other.stop()
    }

    @Test("rotations and new keys at the same moment: every one that was acknowledged can be opened")
    func race() async throws {
        let home = try TestDirectory()
        var member = try await home.ready()
        let made = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<24 {
                group.addTask { [member] in
                    do throws(ProposeError) {
                        if number.isMultiple(of: 4) {
                            try await member.rotateDataKey(by: Self.admin)
                            return nil
                        }
                        return try await member.createSigningKey(.hs256, activateIn: 0, by: Self.admin).kid
                    } catch .refused(let refusal) where refusal.code == .dataKeyChanged {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: [String]()) { kids, kid in if let kid { kids.append(kid) } }
        }
        try await member.readBarrier()
        for _ in 0..<2 {
            // A shared secret is in the ring only where it was opened.
            #expect(member.view.tokens.keys.count == member.view.state.signingKeys.count)
            for kid in made {
                #expect(member.view.state.signingKeys[kid] != nil)
            }
            await member.stop()
            member = try await home.ready()
        }
        await member.stop()
    }
}
