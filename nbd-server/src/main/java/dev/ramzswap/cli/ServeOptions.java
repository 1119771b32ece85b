package dev.ramzswap.cli;

import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ConfigFile;
import dev.ramzswap.config.Settings;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** What {@code serve} serves, by flags and file, for all commands that start a daemon. */
final class ServeOptions {
    @Option(names = "--size", paramLabel = "SIZE", description = "Size of the device.")
    private String size;

    @Option(
            names = "--limit",
            paramLabel = "SIZE",
            description = "Memory that the pool may take; more goes to the backing file. Default: what the size needs.")
    private String limit;

    @Option(
            names = "--codec",
            paramLabel = "CODEC",
            description = "lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19. Default: lz4.")
    private String codec;

    @Option(
            names = "--backing-file",
            paramLabel = "PATH",
            description = "File or block device that takes what the pool does not keep.")
    private String backingFile;

    @Option(
            names = "--backing-size",
            paramLabel = "SIZE",
            description = "How much of the backing file to reserve. Default: the worst case of all pages.")
    private String backingSize;

    @Option(names = "--no-encrypt", description = "Write the backing file in the clear.")
    private boolean noEncrypt;

    @Option(
            names = "--cutoff",
            paramLabel = "PART",
            description = "Keep a page raw that does not compress to less: bytes or percent of a page. Default: 75%%.")
    private String cutoff;

    @Option(names = "--overcommit", description = "Accept a size that limit and backing file may not be able to hold.")
    private boolean overcommit;

    @Option(names = "--read-only", description = "Let clients only read.")
    private boolean readOnly;

    @Option(
            names = "--allow-users",
            paramLabel = "USERS",
            description = "Names or numbers, as in alice,1000, of the users whose processes may open it by the Unix"
                    + " socket, if that lets them connect. Root and the daemon's own user always may.")
    private String allowUsers;

    @Option(
            names = "--allow-groups",
            paramLabel = "GROUPS",
            description = "The same for groups, of which a process's own counts, not its other ones.")
    private String allowGroups;

    @Option(
            names = "--export",
            paramLabel = "KEY=VALUE,...",
            description = "One of several exports: name=..,size=..,limit=..,codec=..,backing-file=..,backing-size=..,"
                    + "encrypt=yes|no,cutoff=..,overcommit=yes|no,read-only=yes|no,allow-users=..,allow-groups=.. (with spaces between)."
                    + " Repeatable; the first is the default.")
    private List<String> exports = List.of();

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "Unix socket to serve on. Default, without --listen: NAME.sock in the runtime directory.")
    private String socket;

    @Option(names = "--listen", paramLabel = "HOST:PORT", description = "TCP address to serve on, as 127.0.0.1:10809.")
    private String listen;

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description = "The server's certificate, PEM, with those between it and its authority behind it: serve by"
                    + " TLS. Not with --swap.")
    private String tlsCert;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "The certificate's private key, PEM.")
    private String tlsKey;

    @Option(
            names = "--tls-ca",
            paramLabel = "FILE",
            description = "Certificates, PEM, of who signs clients' ones: TLS clients must have one then.")
    private String tlsCa;

    @Option(
            names = "--listen-tls",
            paramLabel = "MODE",
            description = "TLS on the TCP address: off, offered or required. Default, with --tls-cert: required.")
    private String listenTls;

    @Option(
            names = "--socket-tls",
            paramLabel = "MODE",
            description = "TLS on the Unix socket. Default, with --tls-cert: offered.")
    private String socketTls;

    @Option(
            names = "--insecure",
            description = "Serve any TCP client that can reach --listen, also without TLS and certificate.")
    private boolean insecure;

    @Option(
            names = "--state-dir",
            paramLabel = "PATH",
            description =
                    "Directory on a tmpfs or ramfs for files that outlive the daemon. Default: memory of its own.")
    private String stateDir;

    @Option(
            names = "--swap",
            description = "Guard the daemon as the kernel needs it that swaps on it: lock it in memory, mark it for"
                    + " reclaim, warm it up, populate memory ahead; on SIGTERM, go on until its clients are gone. Needs"
                    + " root.")
    private boolean swap;

    @Option(
            names = "--standby",
            description = "With --state-dir: while another daemon serves this state, stand by, and take over when that"
                    + " ends. On SIGTERM, leave to one that stands by.")
    private boolean standby;

    @Option(
            names = "--unsafe",
            description = "With --swap: serve also if the daemon cannot be guarded; with swapon, swap on it. With"
                    + " --state-dir: also if that is on a disk, where pages and keys stay when they are deleted.")
    private boolean unsafe;

    @Option(names = "--reserve", description = "With --swap: take all memory that the limits allow at the start.")
    private boolean reserve;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Read the same keys from a file; flags go before it.")
    private Path config;

    /** Whether the flags describe the only export, rather than --export or a file. */
    boolean describesOne() {
        return exports.isEmpty() && config == null;
    }

    boolean isUnsafe() {
        return unsafe;
    }

    /**
     * What was asked for.
     *
     * @param name the export's name, or null if it is not said or there are several
     */
    Settings settings(String name) throws ConfigException {
        var settings = new Settings();
        settings.flag("name", name);
        settings.flag("size", size);
        settings.flag("limit", limit);
        settings.flag("codec", codec);
        settings.flag("backing-file", backingFile);
        settings.flag("backing-size", backingSize);
        settings.flag("cutoff", cutoff);
        if (noEncrypt) {
            settings.flag("--no-encrypt", "encrypt", "no");
        }
        settings.flag("overcommit", overcommit ? "yes" : null);
        settings.flag("read-only", readOnly ? "yes" : null);
        settings.flag("allow-users", allowUsers);
        settings.flag("allow-groups", allowGroups);
        settings.flag("socket", socket);
        settings.flag("listen", listen);
        settings.flag("tls-cert", tlsCert);
        settings.flag("tls-key", tlsKey);
        settings.flag("tls-ca", tlsCa);
        settings.flag("listen-tls", listenTls);
        settings.flag("socket-tls", socketTls);
        settings.flag("insecure", insecure ? "yes" : null);
        settings.flag("state-dir", stateDir);
        settings.flag("swap", swap ? "yes" : null);
        settings.flag("standby", standby ? "yes" : null);
        settings.flag("unsafe", unsafe ? "yes" : null);
        settings.flag("reserve", reserve ? "yes" : null);
        for (String export : exports) {
            settings.export(export);
        }
        if (config != null) {
            settings.addMissing(ConfigFile.read(config));
        }
        return settings;
    }
}
