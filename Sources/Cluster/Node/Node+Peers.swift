import HashTreeCollections
import Logging
import Crypto
import EventLoop
import Raft
import TLS
import TrustStore

extension Node {
    /// The protocol that members speak among themselves, chosen by ALPN on the common port.
    static let peerProtocol = "credence-peer/3"

    /// Everybody else in the cluster, with the key each is known by: from the replicated membership, or,
    /// until that has arrived, from the answer to the join.
    var knownPeers: [MemberFile.Peer] {
        guard state.cluster != nil else { return bootstrapPeers }
        return state.members.values.filter { $0.id != identity.id }.map(MemberFile.Peer.init)
    }

    /// From any thread, by the current view. A removed member's key is known too: it is told so, and nothing else.
    nonisolated func isKnownPeerKey(_ key: [UInt8]) -> Bool {
        let state = box.view.state
        guard state.cluster != nil else { return bootstrapPeers.contains { $0.publicKey == key } }
        return state.member(publicKey: key).map { $0.id != identity.id } ?? (state.removedMember(publicKey: key) != nil)
    }

    /// Not fenced: a recovery by mistake must not end the cluster that still works.
    private static let formerMemberNotice = "this cluster went on without your member (credence member recover); "
        + "remove its data with `credence member wipe`, and join again"

    func updateLinks() {
        let known = knownPeers
        for (id, link) in links where !known.contains(link.peer) {
            if let same = known.first(where: { $0.id == id && $0.publicKey == link.peer.publicKey }) {
                link.moved(to: same)
            } else {
                link.close()
                links[id] = nil
            }
        }
        for peer in known where links[peer.id] == nil {
            links[peer.id] = makeLink(to: peer)
        }
        // A removed member's key stops working at once, on connections that are open as well.
        for (key, peer) in inbound where !known.contains(where: { $0.id == peer.member }) {
            inbound[key] = nil
            peer.close()
        }
        forgetRemovedMembers()
        reports = reports.filter { report in known.contains { $0.id == report.key } }
    }

    private func makeLink(to peer: MemberFile.Peer) -> PeerLink {
        let dialer = PeerDialer(loop: loop, identity: identity, peerProtocol: Self.peerProtocol)
        return PeerLink(
            to: peer, greeting: { [unowned self] in assumeIsolated { .hello($0.greeting(for: peer.id)) } }, dial: dialer,
            onProblem: { [logger] problem in
                logger.info("a member cannot be reached", metadata: ["member": "\(peer.name)", "reason": "\(problem)"])
            },
            onFenced: { [weak self] reason in self?.assumeIsolated { $0.fence(reason) } })
    }

    private func greeting(for peer: MemberID) -> PeerHello {
        PeerHello(
            clusterID: identity.clusterID, member: identity.id,
            featureLevel: UInt32(clamping: TrustState.featureLevel), lineage: ownLineage,
            known: lineageFile.peers[peer])
    }

    @discardableResult func send(_ frame: PeerFrame, to member: MemberID) -> Bool {
        links[member]?.enqueue(frame) ?? false
    }

    func flushLinks() {
        for link in links.values { link.flush() }
    }

    /// Takes over a connection on which TLS has agreed on the peer protocol. Only a key that the
    /// membership names is listened to; certificates' names and dates do not matter.
    func accept(_ detached: DetachedTLSStream) {
        guard run == .running else { return }
        let stream: TLSStream
        do {
            stream = try TLSStream.adopt(detached, on: loop)
        } catch {
            logger.debug("a peer connection could not be taken over", metadata: ["reason": "\(error)"])
            return
        }
        guard let certificate = stream.peerCertificates.first,
            let peer = knownPeers.first(where: { $0.publicKey == certificate.subjectPublicKeyInfo })
        else {
            if let removed = state.removedMember(publicKey: stream.peerCertificates.first?.subjectPublicKeyInfo ?? []) {
                if removed.isLeftBehind { return InboundPeer.sayGoodbye(Self.formerMemberNotice, over: stream) }
                removedTold.insert(removed.id)
                return InboundPeer.sayFenced(Self.removedReason, over: stream)
            }
            return InboundPeer.sayGoodbye("your key is not in the membership that this member knows", over: stream)
        }
        listen(to: peer, over: stream)
    }

    private func listen(to peer: MemberFile.Peer, over stream: TLSStream) {
        let key = ObjectIdentifier(stream)
        let connection = InboundPeer(
            stream, member: peer.id, clusterID: identity.clusterID,
            objection: { [weak self] hello in self?.assumeIsolated { $0.objection(to: hello) } },
            onFrame: { [weak self] frame in self?.assumeIsolated { $0.received(frame, from: peer.id) } },
            onEnd: { [weak self] reason in
                self?.assumeIsolated { node in
                    node.inbound[key] = nil
                    node.logger.debug("a peer connection ended", metadata: ["member": "\(peer.name)", "reason": "\(reason)"])
                }
            })
        // One per member: a second one means that the first is dead on the other side.
        for (key, older) in inbound where older.member == peer.id {
            inbound[key] = nil
            older.close()
        }
        inbound[key] = connection
        connection.start()
    }

    private func received(_ frame: PeerFrame, from member: MemberID) {
        guard run == .running else { return }
        switch frame {
        case .raft(let message):
            guard message.from == member, message.to == identity.id else {
                logger.warning("a member sent another's message", metadata: ["member": "\(name(of: member))"])
                return
            }
            step(.received(message))
        case .proposal(let encoded): accept(encoded, from: .member(member))
        case .proposalRejected(let id, let obstacle): rejected(id, obstacle, by: member)
        case .status(let report):
            reports[member] = ReceivedReport(report: report, at: .now(), wallClock: WallClock.nowMilliseconds())
            heardGrowth(of: member, to: report.lineageCounter)
            watchClock(of: member)
            settleEffects(now: .now())
            compare(with: report, of: member)
        case .transfer(let target): transferAsked(to: target, by: member)
        // Only the answer to this member's own hello may say so (`PeerLink`); unasked it is nobody's to say.
        case .fenced(let reason):
            logger.warning("a member wants this one out, unasked; ignored", metadata: ["member": "\(name(of: member))", "reason": "\(reason)"])
        case .goodbye(let reason):
            logger.info("a member said goodbye", metadata: ["member": "\(name(of: member))", "reason": "\(reason)"])
        case .hello: break
        }
    }
}

extension MemberFile.Peer {
    init(_ record: MemberRecord) {
        self.init(id: record.id, name: record.name, addresses: record.addresses, publicKey: record.publicKey)
    }
}
