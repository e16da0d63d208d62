import Raft

/// Named members with hand-driven disks and links. Nothing moves unless a command moves it.
final class ScenarioStage {
    final class Actor {
        let name: Character
        var core: RaftCore
        var disk: ScenarioDisk
        var applied = LogIndex.zero
        /// What the core asked of its snapshot files and the shell has not done yet.
        var snapshotWork: [SnapshotWork] = []

        init(name: Character, core: RaftCore, disk: ScenarioDisk) {
            self.name = name
            self.core = core
            self.disk = disk
            applied = disk.applied
        }
    }

    var actors: [Actor] = []
    var network: [Message] = []
    var loads: [(Character, LoadRequest)] = []
    var output: [String] = []
    var settings: RaftSettings = {
        var settings = RaftSettings()
        settings.electionTicks = 10
        // A script says itself who has a try, and what comes first within a timeout.
        settings.followersTakeTurns = false
        settings.heartbeatTicks = 2
        return settings
    }()

    func actor(_ name: some StringProtocol) throws -> Actor {
        guard let found = actors.first(where: { String($0.name) == name }) else {
            throw ScenarioError(description: "no member \(name)")
        }
        return found
    }

    /// Starts a member from its disk.
    func start(_ name: Character, _ disk: ScenarioDisk) throws {
        let seed = UInt64(name.asciiValue ?? 0)
        let core = try RaftCore(id: MemberID(name), settings: settings, restored: disk.restored, seed: seed)
        actors.removeAll { $0.name == name }
        actors.append(Actor(name: name, core: core, disk: disk))
        actors.sort { $0.name < $1.name }
    }

    func step(_ actor: Actor, _ input: RaftInput) {
        let result = actor.core.step(input)
        for event in result.events { output.append("\(actor.name): \(Self.text(event))") }
        for operation in result.storage {
            actor.disk.queue.append(operation)
            output.append("\(actor.name): writes \(Self.text(operation))")
        }
        for proposal in result.proposals { output.append("\(actor.name): proposal \(proposal.id) \(Self.text(proposal.outcome))") }
        for message in result.messages {
            network.append(message)
            output.append(Self.text(message))
        }
        for load in result.loads {
            loads.append((actor.name, load))
            output.append("\(actor.name): asks its disk for \(load.first)...\(load.last)")
        }
        for work in result.snapshots {
            output.append("\(actor.name): \(Self.text(work))")
            actor.snapshotWork.append(work)
        }
        for transfer in result.transfers { output.append("\(actor.name): transfer \(Self.text(transfer.outcome))") }
        for read in result.reads { output.append("\(actor.name): read \(read.id) at \(read.index)") }
        for read in result.failedReads { output.append("\(actor.name): read \(read) failed") }
        guard let last = result.committed.last else { return }
        output.append("\(actor.name): commits \(result.committed.map { Self.text($0) }.joined(separator: " "))")
        actor.applied = last.index
        step(actor, .applied(through: last.index))
    }

    /// Completes everything under way on the disk.
    func sync(_ actor: Actor) {
        while !actor.disk.queue.isEmpty {
            let operation = actor.disk.completeOne()
            step(actor, .persisted(upTo: operation))
        }
    }

    func deliver(_ message: Message) {
        guard let receiver = actors.first(where: { MemberID($0.name) == message.to }) else { return }
        step(receiver, .received(message))
    }

    /// Delivers and syncs until nothing moves, or much has.
    func settle() throws {
        for _ in 0..<1000 {
            let batch = network
            network = []
            for message in batch { deliver(message) }
            for actor in actors { sync(actor) }
            if network.isEmpty { return }
        }
        throw ScenarioError(description: "the members never stop talking")
    }
}

/// A disk that forgets what was not synced.
struct ScenarioDisk {
    var hardState = HardState()
    var base: LogBase?
    var entries: [Entry] = []
    var applied = LogIndex.zero
    /// What the ack mark says was acknowledged.
    var mark: AckMark?
    /// Bytes of the snapshot that is being received.
    var staged: [UInt8] = []
    /// How many of the newest entries a restart holds in memory; nil for all.
    var held: Int?
    var queue: [StorageOperation] = []

    mutating func completeOne() -> UInt64 {
        let operation = queue.removeFirst()
        if let snapshot = operation.install {
            entries = []
            base = LogBase(position: snapshot.position, configuration: snapshot.configuration)
            applied = snapshot.position.index
        }
        if let first = operation.truncateFrom { entries.removeAll { $0.index >= first } }
        entries += operation.entries
        hardState = operation.hardState ?? hardState
        if let newBase = operation.base {
            base = newBase
            entries.removeAll { $0.index <= newBase.position.index }
        }
        return operation.id
    }

    var restored: RestoredState {
        var state = RestoredState()
        state.hardState = hardState
        state.base = base?.position ?? .zero
        state.baseConfiguration = base?.configuration ?? .empty
        state.mark = mark
        state.applied = max(applied, state.base.index)
        let older = entries.dropLast(held ?? entries.count)
        state.entries = Array(entries.dropFirst(older.count))
        for entry in older {
            if state.termRuns.last?.term != entry.term {
                state.termRuns.append(TermRun(term: entry.term, first: entry.index))
            }
            if entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) {
                state.configurations.append(ConfigurationRecord(index: entry.index, configuration: configuration))
            }
        }
        return state
    }
}

extension MemberID {
    /// Members of scenarios are single letters.
    init(_ name: Character) { self.init(high: 0, low: UInt64(name.asciiValue ?? 0)) }
    var letter: Character { low < 128 ? Character(UnicodeScalar(UInt8(low))) : "?" }
}
