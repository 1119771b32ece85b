package dev.ramzswap.cli;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What {@code serve} prints when it is ready: what it serves and where, and the commands to type next. */
final class NextSteps {
    private NextSteps() {}

    static String of(Config config) {
        var text = new StringBuilder();
        for (ExportConfig export : config.exports()) {
            text.append(export.summary()).append('\n');
        }
        config.socket().ifPresent(path -> text.append("on ").append(path).append('\n'));
        config.listenText()
                .ifPresent(address -> text.append("on ").append(address).append('\n'));
        if (config.isSocketPassed()) {
            text.append("on the socket that was passed (LISTEN_FDS)\n");
        }
        if (config.socket().isEmpty() && config.listen().isEmpty()) {
            text.append('\n'); // who has passed the socket knows the way to it
        } else if (config.requiresTls()) {
            text.append(lookByTls(config));
        } else if (config.protection().isSwap() && config.socket().isPresent()) {
            text.append(attach(config));
        } else {
            text.append(look(config));
        }
        return text.append("To look at it:\n  ramzswap status\n\nready\n").toString();
    }

    /** A kernel cannot swap there: it knows no TLS. */
    private static String lookByTls(Config config) {
        String uri = config.socket()
                .map(path -> "nbds+unix:///?socket=" + encoded(path) + "&")
                .orElseGet(() -> "nbds://" + config.listenText().orElseThrow() + "/?");
        return "\nTo see it (DIR has ca-cert.pem, client-cert.pem, client-key.pem):\n  nbdinfo "
                + quoted(uri + "tls-certificates=DIR") + "\n";
    }

    /** It needs a daemon of root's, on a Unix socket. */
    private static String attach(Config config) {
        var text = new StringBuilder("\nTo swap on it, as root:\n");
        for (ExportConfig export : config.exports()) {
            text.append("  ramzswap swapon ").append(export.name()).append('\n');
        }
        return text.toString();
    }

    /** Not how to swap on it: the kernel would wait for a daemon that waits for the kernel. */
    private static String look(Config config) {
        String server = config.socket()
                .map(path -> "nbd+unix:///%s?socket=" + encoded(path))
                .orElseGet(() -> "nbd://" + config.listenText().orElseThrow() + "/%s");
        var text = new StringBuilder("\nTo see it:\n");
        for (ExportConfig export : config.exports()) {
            text.append("  nbdinfo ")
                    .append(quoted(server.replace("%s", export.name())))
                    .append('\n');
        }
        return text.append(
                        "The machine may freeze if it swaps on this daemon, which is not guarded. To swap, as root:\n")
                .append("  ramzswap swapon NAME --size SIZE\n")
                .toString();
    }

    /** As the value of a URI's query (RFC 3986), where the encoding of forms has no plus. */
    private static String encoded(Path path) {
        return URLEncoder.encode(path.toString(), StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }

    /** For the shell; a quote in it is encoded. */
    private static String quoted(String text) {
        return text.matches("[\\w./@%+=:,-]+") ? text : "'" + text + "'";
    }
}
