internal import CSodium

/// libsodium, ready for use. It chooses its code for this processor once, before anything else is called; that may be asked
/// for any number of times, from any thread.
enum Sodium {
    private static let isReady = sodium_init() >= 0

    static func prepare() {
        precondition(isReady, "libsodium cannot start: no random generator")
    }
}
