package dev.ramzswap.cli;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;

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
            text.append(attachByHand(config));
        }
        return text.append("To look at it:\n  ramzswap status\n\nready\n").toString();
    }

    /** A kernel cannot swap there: it knows no TLS. */
    private static String lookByTls(Config config) {
        String uri = config.socket()
                .map(path -> "nbds+unix:///?socket=" + path + "&")
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

    private static String attachByHand(Config config) {
        var text = new StringBuilder("\nTo swap on it, as root (choose a free /dev/nbdN):\n  modprobe nbd\n");
        int device = 0;
        for (ExportConfig export : config.exports()) {
            String node = "/dev/nbd" + device++;
            text.append("  nbd-client ").append(server(config)).append(' ').append(node);
            text.append(" -b 4096 -N ").append(export.name()).append('\n');
            text.append("  mkswap ").append(node).append('\n');
            text.append("  swapon --discard --priority 100 ").append(node).append('\n');
        }
        return text.toString();
    }

    private static String server(Config config) {
        return config.socket()
                .map(path -> "-unix " + quoted(path.toString()))
                .orElseGet(() -> config.listen()
                        .map(address -> address.getAddress().getHostAddress() + " " + address.getPort())
                        .orElseThrow());
    }

    private static String quoted(String text) {
        return text.matches("[\\w./@%+=:,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
