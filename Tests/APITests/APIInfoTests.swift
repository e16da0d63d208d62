import Testing

@testable import credence

@Suite("TOKEN:MULTIADDR")
struct APIInfoTests {
    private static let token = "eyJhbGciOiJIUzI1NiJ9.eyJBbGxvdyI6W119.c2ln"

    private func failure(_ text: String) -> Multiaddr.Failure? {
        do throws(Multiaddr.Failure) {
            _ = try APIInfo(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test("every kind of host and every suffix is read", arguments: [
        ("/ip4/192.0.2.1/tcp/8443/http", "192.0.2.1:8443"), ("/ip4/192.0.2.1/tcp/8443/https", "192.0.2.1:8443"),
        ("/ip4/192.0.2.1/tcp/8443", "192.0.2.1:8443"), ("/ip4/192.0.2.1/tcp/8443/", "192.0.2.1:8443"),
        ("/ip6/2001:db8::1/tcp/1/wss", "[2001:db8::1]:1"), ("/ip6/::1/tcp/65535/ws", "[::1]:65535"),
        ("/dns/auth.example/tcp/443/https", "auth.example:443"), ("/dns4/auth.example/tcp/443/https", "auth.example:443"),
        ("/dns6/auth.example/tcp/443/https", "auth.example:443"),
    ])
    func good(address: String, authority: String) throws {
        let info = try APIInfo(parsing: "\(Self.token):\(address)")
        #expect(info.token == Self.token && info.address.authority == authority)
        #expect(try APIInfo(parsing: address).token == nil)
    }

    @Test("what it prints it reads", arguments: ["192.0.2.1", "2001:db8::1", "auth.example"])
    func roundTrip(host: String) throws {
        let info = APIInfo(token: Self.token, address: Multiaddr(host: host, port: 8443))
        #expect(info.text.hasSuffix("/tcp/8443/https"))
        #expect(try APIInfo(parsing: info.text) == info)
    }

    @Test("what is wrong is said, and never the token", arguments: [
        "", "T", "T:", "T:/", "T:/ip4", "T/ip4/1.2.3.4/tcp/1", "T:https://h:1", "T:/ip4/1.2.3.4", "T:/ip4/1.2.3.4/udp/1", "T:/ip4/1.2.3/tcp/1",
        "T:/ip4/1.2.3.256/tcp/1", "T:/ip4/::1/tcp/1", "T:/ip4/host/tcp/1", "T:/ip4/+1.2.3.4/tcp/1", "T:/ip6/1.2.3.4/tcp/1", "T:/ip6/x::/tcp/1",
        "T:/dns/::1/tcp/1", "T:/dns//tcp/1", "T:/dns/a b/tcp/1", "T:/unix/a/tcp/1", "T:/dns/h/tcp/0", "T:/dns/h/tcp/65536", "T:/dns/h/tcp/+1",
        "T:/dns/h/tcp/", "T:/dns/h/tcp/1/quic", "T:/dns/h/tcp/1/https/http", "T:/dns/h/tcp/1/p2p/x",
    ])
    func bad(text: String) {
        let withToken = text.hasPrefix("T") ? Self.token + text.dropFirst() : text
        let found = failure(withToken)
        #expect(found != nil, "\(text)")
        #expect(found.map { "\($0)".contains(Self.token) } != true && found.map { "\($0)".isEmpty } != true)
    }

    @Test("a token in the variable goes to its own address and to no other")
    func destination() throws {
        let info = try APIInfo(parsing: "\(Self.token):/ip4/192.0.2.1/tcp/8443/https")
        func destination(address: String? = nil, data: String? = nil, info: APIInfo?) -> Destination {
            Destination(address: address, data: data, info: info) { "/data/\($0 ?? "standard")" }
        }
        let own = destination(info: info)
        #expect(own.address == "192.0.2.1:8443" && own.token == Self.token)
        let other = destination(address: "evil.example:1", info: info)
        #expect(other.address == "evil.example:1" && other.token == nil)
        let local = destination(data: "m1", info: info)
        #expect(local.address == "unix:/data/m1" && local.token == nil)
        #expect(destination(info: nil).address == "unix:/data/standard")
    }
}
