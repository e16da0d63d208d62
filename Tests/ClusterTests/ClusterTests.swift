import Testing

/// Everything here runs the built program as real processes on loopback. The suites take turns: several clusters
/// at once on a small machine would measure its scheduler.
@Suite("Real clusters", .serialized, .timeLimit(.minutes(10)))
enum ClusterTests {}
