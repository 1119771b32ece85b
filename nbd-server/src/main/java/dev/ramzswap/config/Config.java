package dev.ramzswap.config;

import dev.ramzswap.config.Settings.Value;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreState;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a daemon serves and where, understood and checked against the machine.
 *
 * @param exports at least one; clients that ask for no name get the first
 * @param socket the Unix socket
 * @param listen the TCP address; a name is unresolved, and looked up when it is listened on
 * @param isInsecure whether TCP clients are served whoever they are
 * @param isSocketPassed whether to serve on the socket that the service manager has passed
 * @param tls of whichever address has it
 * @param stateDir where the stores' files lie that outlive the daemon
 * @param isStandby one of several daemons with the same state: one serves, another waits to take over
 * @param logLevel of what is logged, at least
 * @param timesConfigured of each export's state, by its counters' file, before any of this was read
 * @param protection how the daemon guards itself against the lack of memory that it is there to cure
 */
public record Config(
        List<ExportConfig> exports,
        Optional<Path> socket,
        Optional<InetSocketAddress> listen,
        boolean isInsecure,
        boolean isSocketPassed,
        Optional<TlsConfig> tls,
        Optional<Path> stateDir,
        boolean isStandby,
        Level logLevel,
        Map<Path, Long> timesConfigured,
        Protection protection) {

    private static final System.Logger LOG = System.getLogger(Config.class.getName());

    /** Of the sockets that a daemon makes in the runtime directory: of the largest process id there is. */
    private static final String LONGEST_NAME = "4194304.warm-up.control";

    public Config {
        exports = List.copyOf(exports);
        timesConfigured = Map.copyOf(timesConfigured);
    }

    /** @throws ConfigException if the settings are wrong or the machine cannot serve them */
    public static Config of(Settings settings, Host host) throws ConfigException {
        return of(settings, host, StateDir.timesConfigured(settings));
    }

    /**
     * The same of settings that were read later than that was looked up: a daemon that serves may read a file anew at
     * any time, and what was read before goes for nothing then.
     *
     * @param timesConfigured see {@link StateDir#timesConfigured}
     */
    public static Config of(Settings settings, Host host, Map<Path, Long> timesConfigured) throws ConfigException {
        Optional<Path> stateDir = ExportReader.read(settings.daemon, "state-dir", ExportReader::path);
        List<ExportConfig> exports = exports(settings, host, stateDir);
        checkNames(exports);
        if (!StateDir.mayHavePages(settings, true)) {
            checkBackingFiles(exports, stateDir);
        }
        checkRuntimePath(host);
        Optional<Path> socket = ExportReader.read(settings.daemon, "socket", Address::socket);
        Optional<InetSocketAddress> listen = ExportReader.read(settings.daemon, "listen", Address::tcp);
        boolean isSocketPassed = SocketActivation.isUsed(host.variables());
        if (socket.isEmpty() && listen.isEmpty() && !isSocketPassed) {
            Path path = RuntimePath.own(host).resolve(exports.getFirst().name() + ".sock");
            socket = ExportReader.read(
                    Map.of("socket", new Value(path.toString(), "--socket")), "socket", Address::socket);
        }
        boolean isStandby = isStandby(settings, stateDir, exports);
        Optional<TlsConfig> tls = TlsConfig.of(settings);
        boolean isInsecure = isYes(settings, "insecure");
        if (listen.isPresent() && !listen.get().isUnresolved() && !isInsecure) {
            checkReach(settings, listen.get(), tls);
        }
        Protection protection = protection(settings, stateDir);
        checkMemory(settings, exports, protection, host);
        if (protection.isSwap() && isSocketPassed) {
            throw new ConfigException(settings.daemon.get("swap").origin()
                    + ": the next daemon finds the kernel's connections by the socket's path, and one that is passed"
                    + " (LISTEN_FDS) has none that is known: start it without, and give --socket");
        }
        Level logLevel =
                ExportReader.read(settings.daemon, "log-level", Config::level).orElse(Level.INFO);
        return new Config(
                exports,
                socket,
                listen,
                isInsecure,
                isSocketPassed,
                tls,
                stateDir,
                isStandby,
                logLevel,
                timesConfigured,
                protection);
    }

    /** Of several exports, each could be another daemon's when this one's turn comes. */
    private static boolean isStandby(Settings settings, Optional<Path> stateDir, List<ExportConfig> exports)
            throws ConfigException {
        if (!isYes(settings, "standby")) {
            return false;
        }
        String origin = settings.daemon.get("standby").origin();
        if (stateDir.isEmpty()) {
            throw new ConfigException(origin + ": takes over what lies in a state directory: add --state-dir");
        }
        if (exports.size() > 1) {
            throw new ConfigException(origin + ": a daemon stands by for one export, and these are " + exports.size()
                    + ": give each of them a daemon of its own");
        }
        return true;
    }

    /** Who comes from another machine must show who it is, unless the user wants it otherwise. */
    private static void checkReach(Settings settings, InetSocketAddress listen, Optional<TlsConfig> tls)
            throws ConfigException {
        if (TlsConfig.isForAnybody(listen, tls)) {
            throw new ConfigException(settings.daemon.get("listen").origin() + ": other machines can reach "
                    + Address.format(listen) + ": add --tls-cert, --tls-key and --tls-ca, so that only clients with a"
                    + " certificate are served, or --insecure to serve anybody");
        }
    }

    /** What pages have already is not refused: who serves them would have no other daemon, and they none after him. */
    private static void checkMemory(Settings settings, List<ExportConfig> exports, Protection protection, Host host)
            throws ConfigException {
        MemoryCheck memory = new MemoryCheck(host, protection.isSwap());
        try {
            memory.of(settings, exports);
            if (protection.isSwap()) {
                memory.atStart(settings, exports, protection);
            }
        } catch (ConfigException e) {
            if (!StateDir.mayHavePages(settings, true)) {
                throw e;
            }
            LOG.log(Level.WARNING, e.getMessage() + "; this goes on all the same, for the pages that are there");
        }
    }

    private static Protection protection(Settings settings, Optional<Path> stateDir) throws ConfigException {
        boolean isSwap = isYes(settings, "swap");
        boolean isUnsafe = isYes(settings, "unsafe");
        boolean isReserved = isYes(settings, "reserve");
        if (isReserved && !isSwap) {
            throw ofNoUse(settings, "reserve", "--swap");
        }
        if (isUnsafe && !isSwap && stateDir.isEmpty()) {
            throw ofNoUse(settings, "unsafe", "--swap or --state-dir");
        }
        return new Protection(isSwap, isUnsafe, isReserved);
    }

    private static ConfigException ofNoUse(Settings settings, String key, String other) {
        return new ConfigException(
                settings.daemon.get(key).origin() + ": is of use only with " + other + ": add it, or leave this away");
    }

    private static Level level(String text) {
        return switch (text) {
            case "debug" -> Level.DEBUG;
            case "info" -> Level.INFO;
            case "warning" -> Level.WARNING;
            case "error" -> Level.ERROR;
            default ->
                throw new IllegalArgumentException(
                        "'" + text + "' is none of debug, info, warning and error: write one of them");
        };
    }

    static boolean isYes(Settings settings, String key) throws ConfigException {
        return ExportReader.read(settings.daemon, key, ExportReader::yes).orElse(false);
    }

    /** The same with these exports alone. */
    public Config only(Set<String> names) {
        List<ExportConfig> those =
                exports.stream().filter(export -> names.contains(export.name())).toList();
        return new Config(
                those,
                socket,
                listen,
                isInsecure,
                isSocketPassed,
                tls,
                stateDir,
                isStandby,
                logLevel,
                timesConfigured,
                protection);
    }

    /**
     * How often an export's state was configured before this was read; empty if that is not known, or there is none.
     */
    public OptionalLong timesConfigured(String export) {
        Long times = stateDir.map(directory -> timesConfigured.get(StateDir.part(directory, export, "counters")))
                .orElse(null);
        return times == null ? OptionalLong.empty() : OptionalLong.of(times);
    }

    /** The names of the exports. */
    public Set<String> names() {
        return exports.stream().map(ExportConfig::name).collect(Collectors.toUnmodifiableSet());
    }

    /** Whether clients that come by the Unix socket, or by the TCP address if there is none, are served only by TLS. */
    public boolean requiresTls() {
        return tls.map(has -> socket.isPresent() ? has.onSocket() : has.onTcp())
                .filter(mode -> mode == TlsConfig.Mode.REQUIRED)
                .isPresent();
    }

    /** The TCP address as {@code HOST:PORT}. */
    public Optional<String> listenText() {
        return listen.map(Address::format);
    }

    private static List<ExportConfig> exports(Settings settings, Host host, Optional<Path> stateDir)
            throws ConfigException {
        if (settings.exports.isEmpty()) {
            return List.of(new ExportReader(settings.single, "--size", host, stateDir).read());
        }
        if (!settings.single.isEmpty()) {
            String origin = settings.single.values().iterator().next().origin();
            throw new ConfigException(origin + ": describes the only export, and there are others by --export or"
                    + " [export NAME]: move it into one of them");
        }
        var exports = new ArrayList<ExportConfig>();
        for (Map<String, Value> export : settings.exports) {
            if (settings.exports.size() > 1 && !export.containsKey("name")) {
                throw new ConfigException("--export: one of several exports has no name: add name=swap1");
            }
            exports.add(new ExportReader(export, "--export", host, stateDir).read());
        }
        return exports;
    }

    /** Else a daemon would find out when it serves, or when it has taken over, that nobody can control it. */
    private static void checkRuntimePath(Host host) throws ConfigException {
        try {
            Address.socket(RuntimePath.own(host).resolve(LONGEST_NAME).toString());
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "a socket in the runtime directory: " + e.getMessage() + " with " + RuntimePath.VARIABLE);
        }
    }

    private static void checkNames(List<ExportConfig> exports) throws ConfigException {
        var names = new HashSet<String>();
        for (ExportConfig export : exports) {
            if (!names.add(export.name())) {
                throw new ConfigException(
                        "--export: two exports have the name '" + export.name() + "': give each its own");
            }
        }
    }

    /**
     * Not where there are pages: to look at the files is to wait for their disks, which pages in memory need not.
     * There, the files' locks tell.
     */
    private static void checkBackingFiles(List<ExportConfig> exports, Optional<Path> stateDir) throws ConfigException {
        Map<Object, String> parts = new HashMap<>();
        Map<Object, ExportConfig> users = new HashMap<>();
        for (ExportConfig export : exports) {
            stateDir.map(directory -> StoreState.files(directory, export.name()))
                    .orElse(List.of())
                    .forEach(part -> parts.put(FileIdentity.of(part), export.name()));
        }
        for (ExportConfig export : exports) {
            Path file = export.backing().map(StoreConfig.Backing::path).orElse(null);
            Object identity = file == null ? null : FileIdentity.of(file);
            if (parts.containsKey(identity)) {
                throw new ConfigException("--backing-file: " + file + " is a part of what export " + parts.get(identity)
                        + " has in the state directory: give another path");
            }
            ExportConfig other = file == null ? null : users.putIfAbsent(identity, export);
            if (other != null) {
                throw new ConfigException("--backing-file: exports " + other.name() + " and " + export.name()
                        + both(other.backing().get().path(), file) + ": give each its own");
            }
        }
    }

    /** Of one file there may be loop devices with a part each. */
    private static String both(Path file, Path other) {
        return file.equals(other)
                ? " both have " + file
                : " have " + file + " and " + other + ", which are one file or device, or parts of one";
    }
}
