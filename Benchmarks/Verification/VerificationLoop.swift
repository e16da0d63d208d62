import Tokens

/// Verifies tokens one after the other, as a request loop does.
///
/// The cache is the loop's own and is always there: one smaller than the round of tokens remembers none until its next
/// turn, and so costs what a token costs that is seen for the first time.
struct VerificationLoop {
    struct Refused: Error { let reason: RejectionReason }

    let view: TokenView
    let tokens: [[UInt8]]
    let now: Int64
    private let cache: SignatureCache

    init(_ view: TokenView, _ tokens: [[UInt8]], now: Int64, remembering: Bool) {
        self.view = view
        self.tokens = tokens
        self.now = now
        cache = remembering ? SignatureCache() : SignatureCache(entriesMax: tokens.count / 2)
        precondition(!remembering || tokens.count <= SignatureCache.entriesMaxDefault, "the cache cannot hold them all")
    }

    /// Verifies for so many seconds of processor time, whole rounds.
    ///
    /// - Returns: the seconds that one verification took.
    func secondsEach(during seconds: Double) throws -> Double {
        var count = 0
        let start = ProcessorTime.seconds
        var end = start
        repeat {
            try verifyAll()
            count += tokens.count
            end = ProcessorTime.seconds
        } while end - start < seconds
        return (end - start) / Double(count)
    }

    func verifyAll() throws {
        for token in tokens {
            if case .rejected(let reason, _) = TokenVerifier.verify(token.span, in: view, now: now, cache: cache) { throw Refused(reason: reason) }
        }
    }
}
