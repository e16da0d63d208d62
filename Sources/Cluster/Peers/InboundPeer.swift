import EventLoop
import Raft

/// A connection that another member opened to this one, already bound by TLS to that member's pinned
/// key. Confined to the cluster loop. The first frame must be a hello that agrees with the key.
final class InboundPeer {
    /// Why this run of the peer may not speak.
    enum Objection: Equatable {
        /// For good: it stops with this.
        case fenced(String)
        /// It may try again.
        case dismissed(String)
    }

    let member: MemberID
    private let transport: any Transport
    private let clusterID: String
    private var incoming = FrameAssembler()
    private var isGreeted = false
    /// Nil when it may speak.
    private let objection: (PeerHello) -> Objection?
    private let onFrame: (PeerFrame) -> Void
    private let onEnd: (String) -> Void

    init(
        _ transport: any Transport, member: MemberID, clusterID: String, objection: @escaping (PeerHello) -> Objection?,
        onFrame: @escaping (PeerFrame) -> Void, onEnd: @escaping (String) -> Void
    ) {
        self.transport = transport
        self.member = member
        self.clusterID = clusterID
        self.objection = objection
        self.onFrame = onFrame
        self.onEnd = onEnd
    }

    func start() {
        transport.onBytes = { [weak self] bytes in self?.received(bytes) }
        transport.onClose = { [weak self] error in self?.onEnd(error.map { "\($0)" } ?? "closed") }
        transport.resumeReading()
    }

    private func received(_ bytes: borrowing Span<UInt8>) {
        incoming.append(bytes)
        do throws(PeerFrameError) {
            while transport.isOpen, let frame = try incoming.next() { received(frame) }
        } catch {
            refuse("\(error)")
        }
    }

    private func received(_ frame: PeerFrame) {
        switch frame {
        case .hello(let hello):
            guard !isGreeted else { return refuse("a second hello") }
            guard hello.clusterID == clusterID else { return refuse("another cluster's member") }
            guard hello.member == member else { return refuse("the hello names another member than the key") }
            switch objection(hello) {
            case nil: isGreeted = true
            case .fenced(let reason): Self.sayFenced(reason, over: transport)
            case .dismissed(let reason): refuse(reason)
            }
        default:
            guard isGreeted else { return refuse("no hello") }
            onFrame(frame)
        }
    }

    private func refuse(_ reason: String) {
        Self.sayGoodbye(reason, over: transport)
    }

    static func sayGoodbye(_ reason: String, over transport: any Transport) {
        say(.goodbye(reason), over: transport)
    }

    /// For good: the other side stops, and says why.
    static func sayFenced(_ reason: String, over transport: any Transport) {
        say(.fenced(reason), over: transport)
    }

    private static func say(_ last: PeerFrame, over transport: any Transport) {
        var bytes: [UInt8] = []
        last.encode(into: &bytes)
        transport.write(bytes)
        transport.closeAfterFlush()
    }

    func close() {
        transport.close()
    }
}
