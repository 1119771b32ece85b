package dev.ramzswap.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All that can be configured: each key of the configuration file and of {@code --export}, with the flag that says the
 * same. Help, manual pages and completion are made from this. The order is that of the help.
 */
public enum Key {
    NAME(Scope.EXPORT, Kind.NAME, "Name of the export. Default: swap0."),
    SIZE(Scope.EXPORT, Kind.SIZE, "Size of the device."),
    LIMIT(
            Scope.RUNNING,
            Kind.SIZE,
            "Memory that the pool may take; more goes to the backing file. Default: none, that is, what the size needs."),
    CODEC(Scope.RUNNING, Kind.CODEC, "lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19. Default: lz4."),
    BACKING_FILE(Scope.EXPORT, Kind.PATH, "File or block device that takes what the pool does not keep."),
    BACKING_SIZE(
            Scope.EXPORT, Kind.SIZE, "How much of the backing file to reserve. Default: the worst case of all pages."),
    ENCRYPT(Scope.EXPORT, Kind.NO, "Write the backing file in the clear."),
    CUTOFF(
            Scope.EXPORT,
            Kind.PART,
            "Keep a page raw that does not compress to less: bytes or percent of a page. Default: 75%."),
    OVERCOMMIT(Scope.EXPORT, Kind.YES, "Accept a size that limit and backing file may not be able to hold."),
    READ_ONLY(Scope.EXPORT, Kind.YES, "Let clients only read."),
    ALLOW_USERS(
            Scope.EXPORT,
            Kind.USERS,
            "Names or numbers, as in alice,1000, of the users whose processes may open it by the Unix socket, if its"
                    + " mode and directory let them connect. Root and the daemon's own user always may."),
    ALLOW_GROUPS(
            Scope.EXPORT, Kind.GROUPS, "The same for groups, of which a process's own counts, not its other ones."),
    SOCKET(
            Scope.DAEMON,
            Kind.PATH,
            "Unix socket to serve on. Default, without --listen: NAME.sock in the runtime directory."),
    LISTEN(Scope.DAEMON, Kind.ADDRESS, "TCP address to serve on, as 127.0.0.1:10809."),
    TLS_CERT(
            Scope.DAEMON,
            Kind.FILE,
            "The server's certificate, PEM, with those between it and its authority behind it: serve by TLS. Not with"
                    + " --swap."),
    TLS_KEY(Scope.DAEMON, Kind.FILE, "The certificate's private key, PEM."),
    TLS_CA(Scope.DAEMON, Kind.FILE, "Certificates, PEM, of who signs clients' ones: TLS clients must have one then."),
    LISTEN_TLS(
            Scope.DAEMON,
            Kind.MODE,
            "TLS on the TCP address: off, offered or required. Default, with --tls-cert: required."),
    SOCKET_TLS(Scope.DAEMON, Kind.MODE, "TLS on the Unix socket. Default, with --tls-cert: offered."),
    INSECURE(Scope.DAEMON, Kind.YES, "Serve any TCP client that can reach --listen, also without TLS and certificate."),
    STATE_DIR(
            Scope.DAEMON,
            Kind.PATH,
            "Directory on a tmpfs or ramfs for files that outlive the daemon. Default: memory of its own."),
    SWAP(
            Scope.DAEMON,
            Kind.YES,
            "Guard the daemon as the kernel needs it that swaps on it: lock it in memory, mark it for reclaim, warm it"
                    + " up, populate memory ahead; on SIGTERM, go on until its clients are gone. Needs root."),
    STANDBY(
            Scope.DAEMON,
            Kind.YES,
            "With --state-dir and one export: while another daemon serves its state, stand by, and take over when that"
                    + " ends. On SIGTERM, leave to one that stands by."),
    UNSAFE(
            Scope.DAEMON,
            Kind.YES,
            "With --swap: serve also if the daemon cannot be guarded; with swapon, swap on it, and also where doctor"
                    + " finds a problem. With --state-dir: also if that is on a disk, where pages and keys stay when"
                    + " they are deleted."),
    RESERVE(Scope.DAEMON, Kind.YES, "With --swap: take all memory that the limits allow at the start."),
    LOG_LEVEL(Scope.DAEMON, Kind.LEVEL, "Log this and what is worse: debug, info, warning or error. Default: info.");

    /** What a key is about. */
    public enum Scope {
        DAEMON,
        EXPORT,
        /** An export, also while it is served: {@code set} changes it. */
        RUNNING
    }

    /** What a value looks like. */
    public enum Kind {
        NAME("NAME"),
        SIZE("SIZE"),
        CODEC("CODEC", "lz4", "zstd", "zstd:3"),
        PART("PART"),
        USERS("USERS"),
        GROUPS("GROUPS"),
        PATH("PATH"),
        FILE("FILE"),
        ADDRESS("HOST:PORT"),
        MODE("MODE", "off", "offered", "required"),
        LEVEL("LEVEL", "debug", "info", "warning", "error"),
        /** Yes or no, and no if it is not said; the flag has no value and says yes. */
        YES(""),
        /** Yes or no, and yes if it is not said; the flag has no value and says no. */
        NO("");

        private final String label;
        private final List<String> examples;

        Kind(String label, String... examples) {
            this.label = label;
            this.examples = List.of(examples);
        }

        /** What stands for a value in a synopsis; empty if the flag has none. */
        public String label() {
            return label;
        }

        /** Whether completion offers files. */
        public boolean isFile() {
            return this == PATH || this == FILE;
        }

        /** Values that completion offers; none if it cannot know them. */
        public List<String> examples() {
            return examples;
        }
    }

    private final Scope scope;
    private final Kind kind;
    private final String help;

    Key(Scope scope, Kind kind, String help) {
        this.scope = scope;
        this.kind = kind;
        this.help = help;
    }

    /** As the configuration file has it: {@code backing-file}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** As the command line has it: {@code --backing-file}, or {@code --no-encrypt}. */
    public String flag() {
        return (kind == Kind.NO ? "--no-" : "--") + key();
    }

    public Scope scope() {
        return scope;
    }

    public Kind kind() {
        return kind;
    }

    /** What the flag does; of one that says no, what it leaves out. */
    public String help() {
        return help;
    }

    static Optional<Key> of(String key) {
        return Arrays.stream(values()).filter(one -> one.key().equals(key)).findFirst();
    }

    /** What {@code set} takes, as {@code limit=SIZE}. */
    public static List<String> changes() {
        return Arrays.stream(values())
                .filter(key -> key.scope == Scope.RUNNING)
                .map(key -> key.key() + "=" + key.kind.label())
                .toList();
    }

    /** The keys of a scope, for people. */
    static String list(Scope... scopes) {
        List<Scope> wanted = List.of(scopes);
        return Arrays.stream(values())
                .filter(key -> wanted.contains(key.scope))
                .map(Key::key)
                .collect(Collectors.joining(", "));
    }
}
