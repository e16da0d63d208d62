import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Hummingbird on one thread, answering every request for `/auth/verify` with the same bytes over TLS 1.3.
///
///     ConstantServer PORT CERTIFICATE.pem KEY.pem BODY
@main
enum ConstantServer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let port = Int(arguments[1]) else {
            fatalError("usage: ConstantServer PORT CERTIFICATE.pem KEY.pem BODY")
        }
        let application = Application(
            router: router(body: ByteBuffer(string: arguments[4])),
            server: try .tls(.http1(), tlsConfiguration: configuration(certificate: arguments[2], key: arguments[3])),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
            logger: Logger(label: "constant") { _ in SwiftLogNoOpLogHandler() })
        try await application.runService()
    }

    private static func router(body: ByteBuffer) -> Router<BasicRequestContext> {
        let router = Router()
        let headers: HTTPFields = [.contentType: "application/json"]
        router.get("auth/verify") { _, _ in Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body)) }
        return router
    }

    private static func configuration(certificate: String, key: String) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv13
        return configuration
    }
}
