import JarvisConfig
import JarvisProtocol
import Synchronization

/// Reads the configuration again.
final class Reloader: Sendable {
  private let options: Daemon.Options
  private let environment: [String: String]
  private let coordinator: Coordinator
  private let current: Mutex<String?>

  init(options: Daemon.Options, environment: [String: String], coordinator: Coordinator, source: String?) {
    self.options = options
    self.environment = environment
    self.coordinator = coordinator
    current = Mutex(source)
  }

  /// The file in force.
  var source: String? { current.withLock { $0 } }

  func reload() async throws(RPC.Failure) -> DaemonReload.Result {
    let loaded: LoadedConfig
    do throws(ConfigError) {
      loaded = try ConfigLoader.load(explicit: options.configFile, environment: environment)
    } catch {
      throw RPC.Failure(
        .invalidParams, "the configuration can't be used, the old one stays in force:\n\(error)",
        data: ["diagnostics": .array(error.diagnostics.map { .string($0.description) })])
    }
    current.withLock { $0 = loaded.source }
    let (changed, needRestart) = await coordinator.reload(loaded.config, RunnerTable.load(environment: environment))
    return DaemonReload.Result(configFile: loaded.source, changed: changed, needRestart: needRestart)
  }
}
