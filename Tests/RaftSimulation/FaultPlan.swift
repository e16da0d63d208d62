/// Where a run's faults come from: drawn, and recorded as they are; or a list, in which case nothing is drawn.
struct FaultPlan {
    private(set) var recorded: [FaultEvent] = []
    let isListed: Bool
    /// Still to come, in the order of their numbers.
    private var listed: [FaultEvent] = []
    private var deaths: [FaultEvent] = []

    init(listed: [FaultEvent]?) {
        isListed = listed != nil
        for event in listed ?? [] {
            if case .midStepDeath = event.fault { deaths.append(event) } else { self.listed.append(event) }
        }
        self.listed.reverse()
    }

    mutating func record(_ fault: Fault, at tick: Int, isAfterWork: Bool) {
        recorded.append(FaultEvent(number: recorded.count, tick: tick, isAfterWork: isAfterWork, fault: fault))
    }

    mutating func takeDue(at tick: Int, isAfterWork: Bool) -> Fault? {
        guard let next = listed.last, next.tick < tick || (next.tick == tick && (isAfterWork || !next.isAfterWork)) else { return nil }
        return listed.removeLast().fault
    }

    mutating func takeDeath(of slot: Int, at tick: Int, sending: Int) -> Fault? {
        let place = deaths.firstIndex { event in
            guard case .midStepDeath(slot, let ordinal, _, _) = event.fault else { return false }
            return event.tick < tick || (event.tick == tick && ordinal <= sending)
        }
        return place.map { deaths.remove(at: $0).fault }
    }
}
