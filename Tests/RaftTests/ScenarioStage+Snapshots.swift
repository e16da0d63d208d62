import Raft

/// The shell's part in snapshots, as far as scenarios need it: the bytes of a snapshot say what it covers.
extension ScenarioStage {
    private static func bytes(of position: LogPosition) -> [UInt8] { Array("state of \(position)".utf8) }

    private static func hash(of bytes: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: SnapshotID.hashBytes)
        for (offset, byte) in bytes.enumerated() { hash[offset % hash.count] ^= byte &+ UInt8(truncatingIfNeeded: offset) }
        return hash
    }

    /// Does what the core asked for until it asks for nothing more.
    func workOnSnapshots(_ actor: Actor) {
        while !actor.snapshotWork.isEmpty { answer(actor.snapshotWork.removeFirst(), actor) }
    }

    private func answer(_ work: SnapshotWork, _ actor: Actor) {
        switch work {
        case .prepare(let id, let atLeast):
            guard actor.applied >= atLeast, let descriptor = snapshot(of: actor) else {
                return step(actor, .snapshotUnavailable(id: id))
            }
            step(actor, .snapshotReady(id: id, descriptor))
        case .read(let request):
            let bytes = Self.bytes(of: request.snapshot.position).dropFirst(Int(request.offset)).prefix(request.bytesMax)
            step(actor, .chunkRead(LoadedChunk(id: request.id, bytes: Array(bytes))))
        case .stage(let descriptor):
            if Self.hash(of: actor.disk.staged) != descriptor.id.hash, !Self.bytes(of: descriptor.position).starts(with: actor.disk.staged) {
                actor.disk.staged = []
            }
            step(actor, .snapshotStaged(descriptor.id, byteCount: UInt64(actor.disk.staged.count)))
        case .write(let chunk):
            actor.disk.staged += chunk.bytes
            step(actor, .snapshotStaged(chunk.id, byteCount: UInt64(actor.disk.staged.count)))
        case .verify(let descriptor):
            let isSound = Self.hash(of: actor.disk.staged) == descriptor.id.hash
            if isSound { actor.applied = descriptor.position.index }
            step(actor, .snapshotVerified(descriptor.id, isSound: isSound))
        case .discard: actor.disk.staged = []
        case .release: break
        }
    }

    private func snapshot(of actor: Actor) -> SnapshotDescriptor? {
        let entry = actor.disk.entries.last { $0.index == actor.applied }
        guard let position = entry?.position ?? actor.disk.base?.position, position.index == actor.applied else { return nil }
        let bytes = Self.bytes(of: position)
        let configurations = actor.disk.entries.filter { $0.kind == .configuration && $0.index <= position.index }
        let newest = configurations.last.flatMap { try? Configuration(decoding: $0.payload) }
        guard let configuration = newest ?? actor.disk.base?.configuration else { return nil }
        return SnapshotDescriptor(
            id: SnapshotID(position: position, hash: Self.hash(of: bytes)), configuration: configuration,
            byteCount: UInt64(bytes.count))
    }
}
