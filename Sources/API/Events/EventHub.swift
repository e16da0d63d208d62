package import Cluster
package import EventLoop
import JOSE
package import Logging
import Raft
import Synchronization
import TrustStore

/// What happens on one member, handed to everybody who listens: from any thread, never waiting.
///
/// Without listeners it costs the look whether there are any.
package final class EventHub: Sendable {
    /// Streams of one member at the same time, all request loops together. A further one is answered 503.
    package static let streamsMax = 64
    /// Of these, whoever calls may have so many: nobody keeps the others out.
    package static let streamsOfCallerMax = 16
    /// So many of them are for administrators only, who must see what goes on whatever all others do.
    package static let streamsForAdminsMin = 16
    /// Changes that wait to become events. The cluster loop puts them here and must not make JSON.
    static let inboxMax = 4_096
    /// Turned into events before the loop serves others again.
    private static let pumpMax = 256
    /// How often streams look whether their caller may still listen, and whether it is time to say that they are there.
    private static let tick: Duration = .milliseconds(500)

    struct Settings: Sendable {
        /// After so long without an event a stream says that it is there.
        var keepAlive: Duration = .seconds(15)
        var now: @Sendable () -> MonotonicInstant = { .now() }
    }

    private struct Listener {
        let queue: EventQueue
        let caller: String
        let isAdmin: Bool
        var types: Set<EventType> = []
    }

    private struct State {
        var listeners: [UInt64: Listener] = [:]
        var nextKey: UInt64 = 0
        var inbox: [AppliedCommand] = []
        /// Behind what is in the inbox.
        var missed = 0
        var heardThrough: LogIndex?
        var isPumping = false
        var loop: EventLoop?
        weak var member: Member?

        func hears(_ type: EventType) -> Bool { listeners.values.contains { $0.types.contains(type) } }
    }

    let settings: Settings
    private let state = Mutex(State())
    private let ticker = Mutex<LoopBound<LoopTimer>?>(nil)

    package convenience init() { self.init(Settings()) }

    init(_ settings: Settings) { self.settings = settings }

    /// Listens to `member` from now on. Once.
    ///
    /// - Parameter loop: makes the events. It outlives the listening.
    package func attach(to member: Member, on loop: EventLoop) {
        state.withLock { state in
            state.member = member
            state.loop = loop
        }
        member.onApplied { [weak self] in self?.applied($0) }
        member.onClusterEvent { [weak self] in self?.announce($0) }
        loop.execute { [weak self] in
            guard let self else { return }
            let timer = LoopTimer(on: loop)
            timer.schedule(after: Self.tick, repeating: Self.tick) { [weak self] in self?.wakeAll() }
            ticker.withLock { $0 = LoopBound(confined: timer, on: loop) }
        }
    }

    private var location: String { state.withLock { $0.member }?.name ?? "" }

    // MARK: Listening

    /// A place among the listeners, given back when it is dropped.
    final class Place: Sendable {
        let queue: EventQueue
        private let hub: EventHub
        private let key: UInt64

        fileprivate init(_ hub: EventHub, _ queue: EventQueue, _ key: UInt64) {
            self.hub = hub
            self.queue = queue
            self.key = key
        }

        deinit { hub.leave(key) }

        func hear(_ types: Set<EventType>) { hub.hear(key, types) }
    }

    enum NoPlace: Error, Equatable {
        case left
        /// There may be one for others.
        case leftForCaller
    }

    /// Nothing is heard before `hear`.
    func place(for caller: Caller) throws(NoPlace) -> Place {
        let listener = Listener(queue: EventQueue(), caller: caller.id, isAdmin: caller.holds(.admin))
        let key = try state.withLock { (state) throws(NoPlace) -> UInt64 in
            let listeners = state.listeners.values
            guard listeners.count < Self.streamsMax else { throw .left }
            guard listeners.count(where: { $0.caller == listener.caller }) < Self.streamsOfCallerMax else { throw .leftForCaller }
            guard listener.isAdmin || listeners.count(where: { !$0.isAdmin }) < Self.streamsMax - Self.streamsForAdminsMin else { throw .left }
            state.nextKey += 1
            state.listeners[state.nextKey] = listener
            return state.nextKey
        }
        return Place(self, listener.queue, key)
    }

    private func leave(_ key: UInt64) {
        // What a listener holds is freed outside the lock.
        let left = state.withLock { $0.listeners.removeValue(forKey: key) }
        withExtendedLifetime(left) {}
    }

    private func hear(_ key: UInt64, _ types: Set<EventType>) {
        state.withLock { _ = $0.listeners[key]?.types.formUnion(types) }
    }

    package var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Lets every stream look at its caller and at the time.
    package func wakeAll() {
        for queue in state.withLock({ $0.listeners.values.map(\.queue) }) { queue.wake() }
    }

    private func queues(hearing type: EventType) -> [EventQueue] {
        state.withLock { $0.listeners.values.filter { $0.types.contains(type) }.map(\.queue) }
    }

    // MARK: What happens

    func announce(_ event: ClusterEvent) {
        let queues = queues(hearing: .cluster)
        guard !queues.isEmpty else { return }
        let event = Event(.cluster, time: WallClock.nowMilliseconds(), location: location, metadata: event.metadata)
        for queue in queues { queue.offer(event) }
    }

    /// What was logged, as it stands in the log: with nothing in it that may not be there.
    fileprivate func logged(_ logged: LogEvent, _ metadata: Logger.Metadata) {
        let queues = queues(hearing: .logging)
        guard !queues.isEmpty else { return }
        var context = JSONObject()
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { context[name] = .string("\(value)") }
        let event = Event(
            .logging, time: WallClock.nowMilliseconds(), location: location,
            metadata: ["level": .string(logged.level.rawValue), "message": .string("\(logged.message)"), "context": .object(context)])
        for queue in queues { queue.offer(event) }
    }

    private func applied(_ changes: AppliedChanges) {
        let loop: EventLoop? = state.withLock { state in
            // A snapshot took the place of what lies between.
            let heard = state.heardThrough
            state.heardThrough = changes.through
            guard state.hears(.lifecycle) else { return nil }
            if let heard, changes.first.rawValue > heard.rawValue + 1 {
                state.missed = state.missed.adding(clamping: changes.first.rawValue - heard.rawValue - 1)
            }
            for command in changes.commands {
                if state.missed == 0, state.inbox.count < Self.inboxMax { state.inbox.append(command) } else { state.missed = state.missed.adding(clamping: 1) }
            }
            guard !state.isPumping, !state.inbox.isEmpty || state.missed > 0 else { return nil }
            state.isPumping = true
            return state.loop
        }
        loop?.execute { self.pump() }
    }

    private func pump() {
        let (commands, missed) = state.withLock { state in
            let commands = Array(state.inbox.prefix(Self.pumpMax))
            state.inbox.removeFirst(commands.count)
            guard state.inbox.isEmpty else { return (commands, 0) }
            defer { state.missed = 0 }
            return (commands, state.missed)
        }
        let location = location
        let events = commands.compactMap { LifecycleEvent.event($0.index, $0.command, $0.outcome, location: location) }
        for queue in queues(hearing: .lifecycle) {
            for event in events { queue.offer(event) }
            if missed > 0 { queue.miss(missed) }
        }
        let loop: EventLoop? = state.withLock { state in
            guard state.inbox.isEmpty, state.missed == 0 else { return state.loop }
            state.isPumping = false
            return nil
        }
        loop?.execute { self.pump() }
    }
}

extension EventHub {
    /// A logger whose lines are events too.
    package func tap(_ logger: Logger) -> Logger {
        var tapped = logger
        tapped.handler = Tap(base: logger.handler, hub: self)
        return tapped
    }

    private struct Tap: LogHandler {
        var base: any LogHandler
        let hub: EventHub

        var logLevel: Logger.Level {
            get { base.logLevel }
            set { base.logLevel = newValue }
        }

        var metadata: Logger.Metadata {
            get { base.metadata }
            set { base.metadata = newValue }
        }

        var metadataProvider: Logger.MetadataProvider? {
            get { base.metadataProvider }
            set { base.metadataProvider = newValue }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { base[metadataKey: key] }
            set { base[metadataKey: key] = newValue }
        }

        func log(event: LogEvent) {
            base.log(event: event)
            hub.logged(event, base.metadata.merging(event.metadata ?? [:]) { _, newer in newer })
        }
    }
}
