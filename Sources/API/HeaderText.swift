/// Text made safe to stand in a header: what is not visible ASCII, and the percent sign itself,
/// becomes a percent escape. A subject that holds a line break must not become a second header.
enum HeaderText {
    static func append(_ text: String, to output: inout [UInt8]) {
        if text.utf8.allSatisfy(standsForItself) {
            output.append(contentsOf: text.utf8)
            return
        }
        for byte in text.utf8 {
            if standsForItself(byte) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 15))
            }
        }
    }

    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func standsForItself(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%") }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
