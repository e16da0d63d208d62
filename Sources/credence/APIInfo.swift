/// `TOKEN:MULTIADDR` in one variable, as Forest and Lotus have it: a member and the token for it, which belong together.
struct APIInfo: Equatable {
    static let variable = "CREDENCE_API_INFO"

    /// Nil when there is only an address.
    let token: String?
    let address: Multiaddr

    init(token: String?, address: Multiaddr) {
        self.token = token
        self.address = address
    }

    /// What was wrong is said without the text: a token stands in it.
    init(parsing text: String) throws(Multiaddr.Failure) {
        // Neither a token nor the colon before an address has a slash in it, and an IPv6 address has colons.
        guard let slash = text.firstIndex(of: "/") else { throw .noLeadingSlash }
        let before = text[..<slash]
        guard before.isEmpty || before.last == ":" else { throw .noLeadingSlash }
        let token = String(before.dropLast())
        self.init(token: token.isEmpty ? nil : token, address: try Multiaddr(parsing: String(text[slash...])))
    }

    static func fromEnvironment() throws(CommandFailure) -> APIInfo? {
        guard let text = Terminal.environment(variable) else { return nil }
        do throws(Multiaddr.Failure) {
            return try APIInfo(parsing: text)
        } catch {
            throw .usage("\(variable) is not TOKEN:MULTIADDR: \(error)")
        }
    }

    var text: String { (token ?? "") + ":" + address.description }
}

/// Which member a command talks to, in text, and the token that came with it, if one did.
struct Destination: Equatable {
    let address: String
    let token: String?

    /// - Parameters:
    ///   - address: of the option, or of `CREDENCE_ADDRESS`.
    ///   - info: counts when neither says where to, nor a data directory: its token is for its own address and for no other.
    init(address: String?, data: String?, info: APIInfo?, socket: (String?) -> String) {
        if let address {
            self.init(address: address, token: nil)
        } else if data == nil, let info {
            self.init(address: info.address.authority, token: info.token)
        } else {
            self.init(address: "unix:" + socket(data), token: nil)
        }
    }

    private init(address: String, token: String?) {
        self.address = address
        self.token = token
    }
}
