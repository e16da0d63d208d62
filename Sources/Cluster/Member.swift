import Crypto
import EventLoop
import HashTreeCollections
import JOSE
import Logging
package import Raft
package import TLS
package import Tokens
package import TrustStore
import Synchronization

/// One member of a cluster: what every layer above asks and tells. Safe from any thread.
///
/// Reading and verifying are plain calls on the current view and never wait. Changes go through the
/// log from whichever member they arrive at.
package final class Member: Sendable {
    package static let defaultTimeout: Duration = .seconds(5)

    let node: Node
    let loop: EventLoop
    let storage: StorageThread
    let directory: DataDirectory
    private let tlsIdentity: Mutex<TLSServerIdentity>
    /// The cluster's own imported key, in the version that is known to be everywhere.
    let settledImportedKey = Mutex(LogIndex.zero)
    let backupsRunning = BackupPlace.Register()
    private let onTLSChange = HandlerBox<TLSServerIdentity>()
    private let onDistrust = HandlerBox<Set<String>>()

    init(node: Node, storage: StorageThread, directory: DataDirectory) async throws(StartError) {
        self.node = node
        loop = node.loop
        self.storage = storage
        self.directory = directory
        do {
            tlsIdentity = Mutex(try await node.outcome { (node: isolated Node) async throws in try node.serverIdentity() }.get())
        } catch {
            throw .internalFailure("the cluster's certificate cannot be used: \(error)")
        }
        await node.start(
            onServerIdentity: { [weak self] identity in self?.replaceTLS(identity) },
            onDistrust: { [onDistrust] fingerprints in onDistrust.call(fingerprints) })
    }

    package var id: MemberID { node.identity.id }
    /// As the cluster knows it now; a member that waits for its first entries goes by the name it joined with.
    package var name: String { view.state.members[id]?.name ?? node.identity.name }
    package var clusterID: String { node.identity.clusterID }

    // MARK: - Reading

    package var view: MemberView { node.box.view }

    package func freshness(of view: MemberView) -> Freshness {
        view.freshness(now: .now())
    }

    /// The whole verdict about a token: signature, rules, and whether this member may vouch at all.
    ///
    /// Freshness is judged last and at this moment, after the signature, so that time spent on the
    /// signature counts against it. A refusal stays a refusal, but for an unknown key: a member that
    /// is behind may only not know it yet, and must not make its holder throw a good token away.
    package func verify(
        _ token: borrowing Span<UInt8>, in view: MemberView, expecting: Expectation, cache: SignatureCache?
    ) -> Verdict {
        judge(token, in: view, expecting: expecting, cache: cache, mayVouch: \.vouches).verdict
    }

    /// As `verify`, with the freshness that it was judged by, for the answer to tell.
    package func vouch(
        _ token: borrowing Span<UInt8>, in view: MemberView, expecting: Expectation, cache: SignatureCache?
    ) -> (verdict: Verdict, freshness: Freshness) {
        judge(token, in: view, expecting: expecting, cache: cache, mayVouch: \.vouches)
    }

    /// As `verify`, for the token of whoever calls this member. The policy `serve` lets a member vouch for others from
    /// what it knew last; nobody may act on this cluster by that.
    package func authenticate(
        _ token: borrowing Span<UInt8>, in view: MemberView, expecting: Expectation, cache: SignatureCache?
    ) -> Verdict {
        judge(token, in: view, expecting: expecting, cache: cache, mayVouch: \.isFresh).verdict
    }

    private func judge(
        _ token: borrowing Span<UInt8>, in view: MemberView, expecting: Expectation, cache: SignatureCache?,
        mayVouch: (Freshness) -> Bool
    ) -> (verdict: Verdict, freshness: Freshness) {
        let verdict = TokenVerifier.verify(
            copy token, in: view.tokens, now: WallClock.nowSeconds(), expecting: expecting, cache: cache)
        let freshness = freshness(of: view)
        switch verdict {
        case .accepted(let verified):
            return (mayVouch(freshness) ? verdict : .rejected(.memberStale, verified), freshness)
        case .rejected(.badSignature, nil) where TokenVerifier.isForImportedKeys(copy token):
            // The imported key that made it may be one that this member does not have yet.
            return (freshness.isFresh ? verdict : .rejected(.memberStale), freshness)
        case .rejected(.unknownKey, _), .rejected(.unknownCertificate, _):
            // What is not known to a stale member is never said to be unknown to the cluster, under either policy.
            return (freshness.isFresh ? verdict : .rejected(.memberStale), freshness)
        case .rejected:
            return (verdict, freshness)
        }
    }

    package func explain(_ token: [UInt8], in view: MemberView, expecting: Expectation = Expectation()) -> Explanation {
        let explanation = TokenExplainer.explain(token, in: view.tokens, now: WallClock.nowSeconds(), expecting: expecting)
        let freshness = freshness(of: view)
        return explanation.judged(
            byMemberFresh: freshness.isFresh, vouching: freshness.vouches, ageMilliseconds: freshness.ageMilliseconds)
    }

    package func status() async -> ClusterStatus {
        await node.status()
    }

    /// A founder, also one that was killed at once, knows its cluster when it has applied its own first entries.
    package var awaitsItsFounding: Bool { view.state.cluster == nil && node.bootstrapPeers.isEmpty }

    /// What keeps this member from taking part in the log, for readiness; nil when nothing does.
    package var trouble: String? { node.haltedReason ?? node.quarantine ?? storage.trouble }

    /// Calls `tell` at once and then about every `period`, on the cluster loop, for as long as that loop makes progress.
    package func reportProgress(every period: Duration, _ tell: @escaping @Sendable () -> Void) async {
        await node.reportProgress(every: period, tell)
    }

    // MARK: - Listeners

    package var serverTLS: TLSServerIdentity { tlsIdentity.withLock { $0 } }

    /// Called whenever the listeners must present something new; at most one handler.
    package func onServerTLSChange(_ handler: @escaping @Sendable (TLSServerIdentity) -> Void) {
        onTLSChange.set(handler)
    }

    /// Called with the fingerprints of client certificates that are trusted no more, once this member's view says so; at
    /// most one handler.
    package func onCertificatesDistrusted(_ handler: @escaping @Sendable (Set<String>) -> Void) {
        onDistrust.set(handler)
    }

    /// Called on the cluster loop after each step of the log, once this member's view has it; at most one handler, which
    /// must not take long.
    package func onApplied(_ handler: @escaping @Sendable (AppliedChanges) -> Void) {
        node.onApplied.set(handler)
    }

    /// Called on the cluster loop when something about the cluster changed; at most one handler, which must not take long.
    package func onClusterEvent(_ handler: @escaping @Sendable (ClusterEvent) -> Void) {
        node.onClusterEvent.set(handler)
    }

    private func replaceTLS(_ identity: TLSServerIdentity) {
        tlsIdentity.withLock { $0 = identity }
        onTLSChange.call(identity)
    }

    package static let peerProtocol = Node.peerProtocol

    /// Takes over a connection whose ALPN chose the members' protocol. From any loop.
    ///
    /// Anybody can offer that protocol, so strangers are dropped here, on the loop that accepted
    /// them: the cluster loop, which keeps the leader's heartbeats, only hears from known keys.
    package func accept(peer: DetachedTLSStream) {
        guard let key = peer.peerCertificate?.subjectPublicKeyInfo, node.isKnownPeerKey(key) else { return }
        loop.execute { [node] in node.assumeIsolated { $0.accept(peer) } }
    }

    // MARK: - Changing

    /// Carries a change through the log; returns when this member's view contains it.
    @discardableResult package func propose(
        _ body: CommandBody, by actor: TrustStore.Actor, requestID: RequestID? = nil,
        timeout: Duration = defaultTimeout
    ) async throws(ProposeError) -> Committed {
        try await node.outcome { (node: isolated Node) async throws(ProposeError) in
            try await node.propose(body, by: actor, requestID: requestID ?? .random(), timeout: timeout)
        }.get()
    }

    @discardableResult package func waitUntilApplied(
        _ index: LogIndex, timeout: Duration = defaultTimeout
    ) async throws(ProposeError) -> LogIndex {
        guard view.index < index else { return view.index }
        return try await node.outcome { (node: isolated Node) async throws(ProposeError) in
            try await node.waitUntilApplied(index, timeout: timeout)
        }.get()
    }

    @discardableResult package func readBarrier(
        timeout: Duration = defaultTimeout
    ) async throws(ProposeError) -> LogIndex {
        try await node.outcome { (node: isolated Node) async throws(ProposeError) in try await node.readBarrier(timeout: timeout) }.get()
    }

    /// Waits until what this member's view contains since `index` holds on every member, and says why
    /// for each. Takes `max_staleness` at most.
    package func untilEverywhere(_ index: LogIndex) async throws(ProposeError) -> [MemberEffect] {
        try await node.outcome { (node: isolated Node) async throws(ProposeError) in try await node.untilEverywhere(index) }.get()
    }

    /// Returns the new leader's name. Takes little more than an election timeout at most.
    @discardableResult package func transferLeadership(
        to name: String? = nil, timeout: Duration = defaultTimeout
    ) async throws(TransferError) -> String {
        try await node.outcome { (node: isolated Node) async throws(TransferError) in
            try await node.transferLeadership(to: name, timeout: timeout)
        }.get()
    }

    /// Replaces this member's log and state by its leader's snapshot (docs/consensus.md §10).
    package func heal() async throws(HealError) {
        try await node.outcome { (node: isolated Node) async throws(HealError) in try node.heal() }.get()
    }

    static let handOverMax: Duration = .seconds(2)

    /// Before the last requests are finished: whoever leads next can take changes meanwhile.
    package func handOver() async { await node.handOver(within: Self.handOverMax) }

    package func stop() async {
        await node.stop()
        await storage.close()
        loop.shutdown()
        directory.release()
    }
}
