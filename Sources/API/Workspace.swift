import EventLoop
import Tokens

/// What one request loop keeps between requests. Never leaves its loop.
final class Workspace {
    let signatures = SignatureCache()
    let statusLists = StatusListCache()
    let paths = PathCache()
    var vouchedLines = VouchedLines()
    /// For those who ask about tokens, or try to join, without a credential.
    var strangers: RequestRateLimit
    private let requestPrefix: [UInt8]
    private var requestsSeen: UInt64 = 0

    /// - Parameter requestPrefix: tells apart the request ids of different loops and runs.
    init(strangers: RequestRateLimit.Settings, requestPrefix: String) {
        self.strangers = RequestRateLimit(strangers)
        self.requestPrefix = Array("\(requestPrefix)-".utf8)
    }

    func nextRequestLabel() -> RequestLabel {
        requestsSeen += 1
        return .numbered(requestsSeen, prefix: requestPrefix)
    }
}
