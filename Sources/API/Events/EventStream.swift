import Cluster
import EventLoop
import Raft
import TrustStore

/// What one reader is told, one step after the other: first what it missed, from the audit record, then what happens.
///
/// Confined to the loop of its connection, where one task asks for each step.
final class EventStream {
    enum Output {
        /// Where it begins: events about entries behind this index. Nil when it tells of none.
        case opened(LogIndex?)
        /// `missed`: how many more there were, behind these, that this reader did not take in time or nobody has.
        case events([Event], missed: Int)
        case keepAlive
        /// Nothing follows. Nil when the reader ended it, or the server stops.
        case ended(EventStreamEnd?)
    }

    private let place: EventHub.Place
    private let settings: EventHub.Settings
    private let member: Member
    private let loop: EventLoop
    private let types: Set<EventType>
    /// Why the caller may listen no longer, if so.
    private let refusal: @Sendable () -> Problem?
    private var isOpened = false
    private var saidAt: MonotonicInstant
    /// The last entry that was told, or passed over.
    private var cursor: LogIndex
    /// How far the audit record is to be read.
    private var through: LogIndex
    /// Later entries come through the queue.
    private var isLive = false

    /// Entries of one read from the audit record.
    private static let runMax = 100

    init(
        _ types: Set<EventType>, after: LogIndex?, in place: EventHub.Place, settings: EventHub.Settings, member: Member, loop: EventLoop,
        refusal: @escaping @Sendable () -> Problem?
    ) {
        self.types = types
        self.place = place
        self.settings = settings
        self.member = member
        self.loop = loop
        self.refusal = refusal
        cursor = after ?? member.view.index
        through = cursor
        saidAt = settings.now()
        place.hear(types.subtracting([.lifecycle]))
    }

    func next() async -> Output {
        if !isOpened {
            isOpened = true
            return .opened(types.contains(.lifecycle) ? cursor : nil)
        }
        while !Task.isCancelled {
            let output = await step()
            // Asked last: what is told was known to this member before it found that the caller may be told.
            if let problem = refusal() { return .ended(EventStreamEnd(problem)) }
            if let output {
                saidAt = settings.now()
                return output
            }
            await place.queue.wait()
        }
        return .ended(nil)
    }

    /// For what a step told and is handed on piece by piece: whether the caller may have the rest no more.
    var isRefused: Bool { refusal() != nil }

    /// Nil when there is nothing to tell.
    private func step() async -> Output? {
        reading: while !Task.isCancelled {
            switch await missedEntries() {
            case .success(let missed?):
                if !missed.events.isEmpty || missed.missed > 0 { return .events(missed.events, missed: missed.missed) }
            case .success(nil): break reading
            case .failure: return .ended(.recordUnreadable)
            }
        }
        if place.queue.isOverrun { return .ended(.tooSlow) }
        let taken = place.queue.take()
        let events = taken.events.filter { $0.index.map { $0 > cursor } ?? true }
        cursor = events.last { $0.index != nil }?.index ?? cursor
        if !events.isEmpty || taken.missed > 0 { return .events(events, missed: taken.missed) }
        return settings.now() - saidAt >= settings.keepAlive ? .keepAlive : nil
    }

    /// The next stretch of the audit record; nil once the queue has all that follows.
    private func missedEntries() async -> Result<EventQueue.Taken?, AuditError> {
        guard types.contains(.lifecycle) else { return .success(nil) }
        if cursor >= through {
            guard !isLive else { return .success(nil) }
            through = member.view.index
            if cursor >= through {
                // What is applied after this view was looked at is told: by then this place hears of it.
                place.hear([.lifecycle])
                isLive = true
                through = member.view.index
            }
            guard cursor < through else { return .success(nil) }
        }
        let view = member.view
        let found: AuditRun?
        switch await member.auditRunOutcome(after: cursor, through: through, countMax: Self.runMax, bytesMax: AuditQuery.bytesMax) {
        case .success(let run): found = run
        case .failure(let error): return .failure(error)
        }
        guard let run = found, let last = run.records.last?.entry.index else {
            defer { cursor = through }
            return .success(EventQueue.Taken(events: [], missed: Int(clamping: through.rawValue - cursor.rawValue)))
        }
        let gap = run.base.index > cursor ? Int(clamping: run.base.index.rawValue - cursor.rawValue) : 0
        guard gap == 0 else {
            // What is missing lies before what there is, so it is told first.
            cursor = run.base.index
            return .success(EventQueue.Taken(events: [], missed: gap))
        }
        let location = member.name
        let events: [Event]
        do {
            events = try await loop.runBlocking { run.records.compactMap { LifecycleEvent.event($0, view.state, location: location) } }
        } catch {
            return .failure(.busy)
        }
        cursor = last
        return .success(EventQueue.Taken(events: events, missed: 0))
    }
}

/// Why the server ends a stream.
enum EventStreamEnd: Equatable, Sendable {
    /// Whoever listens may do so no longer.
    case refused(String)
    case tooSlow
    case recordUnreadable

    init(_ problem: Problem) {
        self = .refused(problem.message)
    }

    var reason: String {
        switch self {
        case .refused(let message): message
        case .tooSlow: "too_slow: more events were missed than are counted; connect again and read faster"
        case .recordUnreadable: "the audit record cannot be read here at the moment; connect again, or ask another member"
        }
    }
}
