import JOSE
import Subprocess

/// What is guarded: answers every request with what it saw of it, as JSON.
struct Application {
    let port: Int
    private let server: Server

    private static let script = """
        import http.server, json, sys
        class Echo(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                fields = [[name.lower(), value] for name, value in self.headers.items()]
                seen = json.dumps({"method": self.command, "target": self.path, "fields": fields, "body": body}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(seen)))
                self.end_headers()
                if self.command != "HEAD": self.wfile.write(seen)
            do_HEAD = do_POST = do_GET
            def log_message(self, *rest): pass
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
        """

    static func start(in folder: String) async throws -> Application {
        let port = try await FreePorts.take()
        let server = try await Server.start(["-c", script, "\(port)"], log: "\(folder)/application.log", binary: "python3")
        _ = try await eventually("the application serves") {
            guard server.isRunning else { throw TestFailure("it ended: \(Files.tail("\(folder)/application.log"))") }
            return try await Member.curl(["http://127.0.0.1:\(port)/"]).status == 200 ? true : nil
        }
        return Application(port: port, server: server)
    }

    func end() async {
        _ = try? await server.end(by: .kill)
    }
}

/// A request as the application saw it.
struct SeenRequest {
    private let json: JSON

    init(_ answer: Answer) {
        json = answer.json
    }

    var method: String? { json["method"]?.stringValue }
    var target: String? { json["target"]?.stringValue }
    var body: String? { json["body"]?.stringValue }

    /// Every value that came under this name, or under one that an application may take for it.
    subscript(name: String) -> [String] {
        fields.filter { $0.name.split(separator: "_").joined(separator: "-") == name }.map(\.value)
    }

    private var fields: [(name: String, value: String)] {
        (json["fields"]?.arrayValue ?? []).compactMap { field in
            guard let pair = field.arrayValue, pair.count == 2 else { return nil }
            return (pair[0].stringValue ?? "", pair[1].stringValue ?? "")
        }
    }
}
