package dev.ramzswap.config;

import dev.ramzswap.config.Settings.Value;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which certificate the daemon has, which ones it wants of clients, and where. The files are PEM, and are read when the
 * daemon starts.
 *
 * @param certificate the server's, and those between it and the authority
 * @param key the server's private key
 * @param authority who signs clients' certificates; if it is empty, clients need none
 */
public record TlsConfig(Path certificate, Path key, Optional<Path> authority, Mode onSocket, Mode onTcp) {
    private static final List<String> KEYS = List.of("tls-cert", "tls-key", "tls-ca", "socket-tls", "listen-tls");

    /** What a listening address does about TLS. */
    enum Mode {
        OFF,
        OFFERED,
        REQUIRED;

        static Mode parse(String text) {
            return switch (text) {
                case "off" -> OFF;
                case "offered" -> OFFERED;
                case "required" -> REQUIRED;
                default ->
                    throw new IllegalArgumentException(
                            "'" + text + "' is none of off, offered and required: write one of them");
            };
        }
    }

    /** Nothing if no TLS is asked for. */
    static Optional<TlsConfig> of(Settings settings) throws ConfigException {
        for (String key : KEYS) {
            Value value = settings.daemon.get(key);
            if (value != null) {
                return Optional.of(read(settings, value.origin()));
            }
        }
        return Optional.empty();
    }

    private static TlsConfig read(Settings settings, String origin) throws ConfigException {
        if (Config.isYes(settings, "swap")) {
            throw new ConfigException(origin + ": not with --swap: TLS allocates memory and takes locks on the way of a"
                    + " page, so the kernel could wait for itself, and a swap device is local: use a Unix socket");
        }
        Optional<Path> certificate = path(settings, "tls-cert");
        Optional<Path> key = path(settings, "tls-key");
        if (certificate.isEmpty() || key.isEmpty()) {
            throw new ConfigException(
                    origin + ": TLS needs a certificate and its private key: give --tls-cert and" + " --tls-key");
        }
        return new TlsConfig(
                certificate.get(),
                key.get(),
                path(settings, "tls-ca"),
                mode(settings, "socket-tls", Mode.OFFERED),
                mode(settings, "listen-tls", Mode.REQUIRED));
    }

    private static Optional<Path> path(Settings settings, String key) throws ConfigException {
        return ExportReader.read(settings.daemon, key, ExportReader::path);
    }

    private static Mode mode(Settings settings, String key, Mode otherwise) throws ConfigException {
        return ExportReader.read(settings.daemon, key, Mode::parse).orElse(otherwise);
    }

    /** Whether other machines can reach an address, which is looked up already, and need not show who they are. */
    public static boolean isForAnybody(InetSocketAddress address, Optional<TlsConfig> tls) {
        return !address.getAddress().isLoopbackAddress()
                && tls.filter(TlsConfig::provesTcpClients).isEmpty();
    }

    /** Whether TCP clients are served only with a certificate. */
    private boolean provesTcpClients() {
        return onTcp == Mode.REQUIRED && authority.isPresent();
    }
}
