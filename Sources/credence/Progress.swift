/// How far a long command has come, on a terminal; nothing elsewhere, where it would only fill a log.
struct Progress {
    private let what: String
    private let total: Int
    let isShown = Terminal.isErrorTerminal

    init(_ what: String, of total: Int) {
        self.what = what
        self.total = total
    }

    func show(_ done: Int) {
        if isShown { Terminal.errorInPlace("\(what) \(done) of \(total) (\(done * 100 / max(total, 1)) %)") }
    }

    func end() {
        if isShown { Terminal.errorInPlace("") }
    }
}
