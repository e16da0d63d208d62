import EventLoop
import Raft

/// This member's own connection to one other member, over which it sends and never receives more
/// than a goodbye. Dials again for as long as the other is a member. Confined to the cluster loop.
///
/// Nothing is kept for a peer that cannot be reached: the log repeats what matters.
final class PeerLink {
    private enum State {
        case waiting(until: MonotonicInstant)
        case dialing
        case ready(any Transport, since: MonotonicInstant)
        case closed
    }

    /// What may wait for a slow peer, here and in the stream; beyond it frames are dropped.
    static let queueBytesMax = 16 << 20
    static let firstRetryDelay: Duration = .milliseconds(50)
    static let retryDelayMax: Duration = .seconds(1)
    /// Reports come five times a second.
    static let silenceMax: Duration = .seconds(3)

    private(set) var peer: MemberFile.Peer
    /// Where it was reached before, tried after the new ones: an address that turns out wrong must not cut off whom it is of.
    private var formerAddresses: [String] = []
    private static let formerAddressesMax = 16
    private let greeting: () -> PeerFrame
    private let dial: PeerDialer
    private let onProblem: (String) -> Void
    private let onFenced: (String) -> Void
    private var state = State.waiting(until: MonotonicInstant(nanoseconds: 0))
    private var outgoing: [UInt8] = []
    private var failures = 0
    private var lastDismissal: String?
    private(set) var droppedFrames: UInt64 = 0

    init(
        to peer: MemberFile.Peer, greeting: @escaping () -> PeerFrame, dial: PeerDialer,
        onProblem: @escaping (String) -> Void, onFenced: @escaping (String) -> Void
    ) {
        self.onFenced = onFenced
        self.peer = peer
        self.greeting = greeting
        self.dial = dial
        self.onProblem = onProblem
    }

    /// The same member at other addresses. A connection that works stays.
    func moved(to peer: MemberFile.Peer) {
        let former = self.peer.addresses + formerAddresses
        self.peer = peer
        formerAddresses = Array(former.filter { !peer.addresses.contains($0) }.prefix(Self.formerAddressesMax))
        failures = 0
    }

    var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    func tick(now: MonotonicInstant) {
        guard case .waiting(let until) = state, until <= now else { return }
        state = .dialing
        // Each attempt takes the next address, so that one dead address does not hide a living one.
        let addresses = peer.addresses + formerAddresses
        guard !addresses.isEmpty else { return lost("it has no address") }
        let address = addresses[failures % addresses.count]
        dial.dial(address, attempt: failures / addresses.count, publicKey: peer.publicKey) { [weak self] result in
            guard let self, case .dialing = self.state else {
                if case .success(let transport) = result { transport.close() }
                return
            }
            switch result {
            case .success(let transport): self.opened(transport)
            case .failure(let error): self.lost("\(address): \(error)")
            }
        }
    }

    private func opened(_ transport: any Transport) {
        state = .ready(transport, since: .now())
        transport.writeQueueBytesMax = Self.queueBytesMax + PeerFrame.bytesMax
        var incoming = FrameAssembler()
        transport.onBytes = { [weak self, unowned transport] bytes in
            // The other side sends on its own connection; here it may only say why it leaves.
            incoming.append(bytes)
            do throws(PeerFrameError) {
                while let frame = try incoming.next() {
                    switch frame {
                    case .goodbye(let reason): self?.dismissed(reason)
                    case .fenced(let reason): self?.onFenced(reason)
                    default: return transport.close()
                    }
                }
            } catch {
                transport.close()
            }
        }
        transport.onClose = { [weak self] error in
            self?.lost(error.map { "\($0)" } ?? "closed")
        }
        transport.resumeReading()
        outgoing.removeAll(keepingCapacity: true)
        greeting().encode(into: &outgoing)
        flush()
    }

    private func dismissed(_ reason: String) {
        guard reason != lastDismissal else { return }
        lastDismissal = reason
        onProblem("it closed the connection: \(reason)")
    }

    private func lost(_ reason: String) {
        switch state {
        case .closed: return
        // Only a connection that lasted shows that the peer wants us; otherwise the delays go on growing.
        case .ready(_, let since) where .now() - since >= Self.retryDelayMax:
            failures = 0
            lastDismissal = nil
        case .ready, .dialing, .waiting: break
        }
        let delay = min(Self.firstRetryDelay * (1 << min(failures, 8)), Self.retryDelayMax)
        if failures == 0 { onProblem(reason) }
        failures += 1
        outgoing.removeAll()
        state = .waiting(until: .now() + delay)
    }

    /// False when the peer cannot be reached now or too much waits for it already; the frame is dropped.
    @discardableResult func enqueue(_ frame: PeerFrame) -> Bool {
        guard case .ready(let transport, _) = state else { return false }
        guard outgoing.count + transport.queuedBytes < Self.queueBytesMax else {
            droppedFrames += 1
            return false
        }
        frame.encode(into: &outgoing)
        return true
    }

    /// One write for all that one turn of the loop enqueued.
    func flush() {
        guard case .ready(let transport, _) = state, !outgoing.isEmpty else { return }
        transport.write(outgoing)
        outgoing.removeAll(keepingCapacity: outgoing.count <= 1 << 20)
    }

    func close() {
        let former = state
        state = .closed
        outgoing.removeAll()
        if case .ready(let transport, _) = former { transport.close() }
    }

    /// Dials anew when nothing has been heard from the peer for a while: a connection cut by the
    /// network looks open from here, and after the cut TCP may wait a minute before it tries again.
    ///
    /// - Parameter lastHeard: when the peer's last report came, over its own connection.
    func resetIfSilent(lastHeard: MonotonicInstant?, now: MonotonicInstant) {
        guard case .ready(let transport, let since) = state, now - since >= Self.silenceMax,
            now - (lastHeard ?? since) >= Self.silenceMax
        else { return }
        lost("silent for \(Self.silenceMax)")
        transport.onClose = nil
        transport.close()
    }
}
