/// A condition that the rest of a test cannot do without was not met.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Asks until the answer is not nil. It never just waits: it ends as soon as the awaited thing is there,
/// and fails by name when it never comes.
func eventually<Found>(
    _ what: String, within limit: Duration = .seconds(60), _ probe: () async throws -> Found?
) async throws -> Found {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if let found = try await probe() { return found }
        try await Task.sleep(for: .milliseconds(20))  // between two questions, so as not to starve the one who is asked
    }
    throw TestFailure("\(what): not within \(limit)")
}
