import ArgumentParser
import JOSE
import TrustStore

struct ConfigCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The settings of the whole cluster.",
        subcommands: [List.self, Get.self, Set.self])

    static let path = "/1.0/cluster/settings"

    static func setting(_ name: String) throws(CommandFailure) -> ClusterSetting {
        guard let setting = ClusterSetting(rawValue: name) else {
            let known = ClusterSetting.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("there is no setting \"\(name)\"; there are \(known)")
        }
        return setting
    }
}

extension ConfigCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "All settings, their values and what they mean.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let values = try await connection.remote().get(ConfigCommand.path)
            switch connection.format {
            case .json, .yaml: return Terminal.out(connection.format.text(of: values) ?? "")
            case .table, .csv: break
            }
            let usual = ClusterSettings()
            let rows = ClusterSetting.allCases.map { setting in
                JSON.object([
                    "name": .string(setting.rawValue), "value": values[setting.rawValue] ?? .null,
                    "default": usual[setting], "summary": .string(setting.summary),
                ])
            }
            connection.format.show(
                .array(rows),
                columns: [.init("NAME", "name"), .init("VALUE", "value"), .init("DEFAULT", "default"), .init("MEANING", "summary")])
        }
    }

    struct Get: Verb {
        static let configuration = CommandConfiguration(abstract: "The value of one setting.")
        @Argument(help: "Its name, as `credence config list` shows it.") var name: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let setting = try ConfigCommand.setting(name)
            let value = try await connection.remote().get(ConfigCommand.path)[setting.rawValue]
            Terminal.out(connection.format.text(of: value ?? .null) ?? Table.cell(value))
        }
    }

    struct Set: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Change settings; all of those given, or none.",
            discussion: "For example: credence config set max_staleness_milliseconds=10000 voters_max=5")
        @Argument(help: "NAME=VALUE, once or more often.") var values: [String]
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body = JSONObject()
            for text in values {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { throw .usage("\"\(text)\": write NAME=VALUE") }
                let setting = try ConfigCommand.setting(String(parts[0]))
                guard body[setting.rawValue] == nil else { throw .usage("\(setting.rawValue) is given twice") }
                if case .string = ClusterSettings()[setting] {
                    body[setting.rawValue] = .string(String(parts[1]))
                } else if let number = Int64(parts[1]) {
                    body[setting.rawValue] = .integer(number)
                } else {
                    throw .usage("\(setting.rawValue) must be a whole number")
                }
            }
            let changed = try await connection.remote().patch(ConfigCommand.path, body)
            if let text = connection.format.text(of: changed) { Terminal.out(text) }
        }
    }
}
