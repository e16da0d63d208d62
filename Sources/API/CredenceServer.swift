package import Cluster
package import EventLoop
import HTTP
package import Logging
import Raft
import TLS

/// One running member with everything it listens on.
///
/// Order matters at both ends. Starting: the addresses are tried before the member, so that a taken
/// port founds nothing; the listeners open after it, so that nothing is asked of a member that is not
/// there. Stopping: the other way round.
package final class CredenceServer: Sendable {
    package let member: Member
    /// Where the TLS listener is; tells the port when 0 was asked for.
    package let address: SocketAddress
    private let loops: [EventLoop]
    private let http: HTTPServer
    private let logger: Logger
    private let endNotice: EndNotice

    /// The entry that founds a cluster; before it stands the configuration.
    private static let foundingIndex = LogIndex(2)

    /// How long requests under way may still take when the server stops.
    package static let stopGrace: Duration = .seconds(10)

    private init(
        _ member: Member, _ address: SocketAddress, _ loops: [EventLoop], _ http: HTTPServer, _ logger: Logger,
        _ endNotice: EndNotice
    ) {
        self.member = member
        self.address = address
        self.loops = loops
        self.http = http
        self.logger = logger
        self.endNotice = endNotice
    }

    /// - Parameter onStart: called once the member has started and before anything else can fail: a
    ///   founder's admin token must reach its operator even if a listener then does not open.
    package static func start(
        _ options: ServerOptions, logger: Logger, onStart: (StartedMember) -> Void
    ) async throws(ServerError) -> CredenceServer {
        raiseOpenFileLimit()
        let events = EventHub()
        let logger = events.tap(logger)
        let loops = try makeLoops(options.requestLoops)
        do throws(ServerError) {
            let addresses = try await ListenAddresses(options, on: loops[0])
            try await addresses.probe(on: loops[0])
            let endNotice = EndNotice()
            let started = try await startMember(options, logger) { endNotice.end(.halted($0)) }
            onStart(started)
            events.attach(to: started.member, on: loops[0])
            return try await serve(started.member, options, addresses, loops, events, logger, endNotice)
        } catch {
            for loop in loops { loop.shutdown() }
            throw error
        }
    }

    private static func makeLoops(_ count: Int) throws(ServerError) -> [EventLoop] {
        do throws(EventLoopError) {
            var loops: [EventLoop] = []
            for number in 0..<count { loops.append(try EventLoop(name: "request-\(number)")) }
            return loops
        } catch {
            throw .loops(error)
        }
    }

    /// For `--exit-after-init` too, which founds or joins and serves nobody.
    package static func startMember(
        _ options: ServerOptions, _ logger: Logger, onHalt: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(ServerError) -> StartedMember {
        let started: StartedMember
        do throws(StartError) {
            started = try await Member.start(options.member, logger: logger, onHalt: onHalt)
        } catch {
            throw .start(error)
        }
        // A founder knows its cluster's certificate once it has applied its own founding. Waiting for
        // it here means that no client ever sees another; if it takes too long, serving is better.
        if started.member.awaitsItsFounding { _ = try? await started.member.waitUntilApplied(foundingIndex) }
        return started
    }

    private static func serve(
        _ member: Member, _ options: ServerOptions, _ addresses: ListenAddresses, _ loops: [EventLoop], _ events: EventHub,
        _ logger: Logger, _ endNotice: EndNotice
    ) async throws(ServerError) -> CredenceServer {
        let settings = APISettings(ownUserID: options.ownUserID, events: events)
        var serving = HTTPServerSettings()
        serving.operatorUserIDs = [0, options.ownUserID]
        let http = HTTPServer(loops: loops, settings: serving, onPeer: { member.accept(peer: $0) }) { loop in
            APIHandler(member: member, loop: loop, settings: settings, logger: logger)
        }
        do throws(ServerError) {
            member.onServerTLSChange { identity in
                logger.notice("the cluster certificate changed", metadata: ["fingerprint": "\(identity.fingerprint ?? "none")"])
                // The newest at that time, because tasks may run in another order than they were made.
                Task { await http.replaceTLSContext(member.serverTLS.context) }
            }
            member.onCertificatesDistrusted { fingerprints in
                logger.notice("client certificates are trusted no more; their connections end", metadata: ["count": "\(fingerprints.count)"])
                Task { await http.endConnections(ofClients: fingerprints) }
            }
            let address = try await addresses.open(on: http, tls: member.serverTLS.context)
            // A change between the two lines above reached no listener.
            await http.replaceTLSContext(member.serverTLS.context)
            return CredenceServer(member, address, loops, http, logger, endNotice)
        } catch {
            await http.stop(grace: .zero)
            await member.stop()
            throw error
        }
    }

    /// Finishes what is under way, then lets the member go.
    package func stop() async {
        await member.handOver()
        await http.stop(grace: Self.stopGrace)
        await member.stop()
        for loop in loops { loop.shutdown() }
    }

    /// From when this returns, the first SIGTERM or SIGINT is a reason to end. A second one ends the process as usual, for
    /// whoever does not want to wait.
    package func watchForStop() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            loops[0].execute { [loop = loops[0], logger, endNotice] in
                StopSignal.watch(on: loop, logger: logger) { endNotice.end(.stopSignal) }
                continuation.resume()
            }
        }
    }

    /// Returns when there is a reason to end: a signal, or a member that left the log.
    package func waitForEnd() async -> ServiceEnd {
        await endNotice.wait()
    }
}

/// Waits on one loop for the signal that ends the service.
private final class StopSignal {
    private var watcher: SignalWatcher?

    static func watch(on loop: EventLoop, logger: Logger, _ stopped: @escaping () -> Void) {
        let signal = StopSignal()
        do throws(EventLoopError) {
            // The watcher keeps `signal` alive through its callback, until the first stop.
            signal.watcher = try SignalWatcher(on: loop, for: [.terminate, .interrupt]) { _ in
                // A second one that was delivered together with the first.
                guard signal.watcher != nil else { return }
                signal.watcher = nil
                logger.info("stopping")
                stopped()
            }
        } catch {
            logger.warning("signals are not watched; kill ends this process at once", metadata: ["error": "\(error)"])
        }
    }
}
