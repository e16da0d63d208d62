extension Node {
    /// What `work` returns or throws, as a value. Whoever is not this actor asks it in this way, and throws once it has the
    /// answer: in a function that only throws after a call to an actor, Swift 6.3 leaves the way back to the caller's executor
    /// out of release builds (swiftlang/swift#88259). What follows the error then runs on this actor's thread, and a request
    /// loop's state is touched from there, which ends the process.
    ///
    /// Not inlined: the way back must come before anybody can see whether there is an error.
    @inline(never)
    func outcome<Value: Sendable, Failure: Error>(
        of work: @Sendable (isolated Node) async throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        do throws(Failure) {
            return .success(try await work(self))
        } catch {
            return .failure(error)
        }
    }
}
