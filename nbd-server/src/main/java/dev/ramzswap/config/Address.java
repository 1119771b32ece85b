package dev.ramzswap.config;

import dev.ramzswap.linux.SocketFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where to listen, as people write it: {@code HOST:PORT}, {@code [::1]:PORT}, or the path of a Unix socket. */
final class Address {
    private static final Pattern TCP = Pattern.compile("(\\[[0-9a-fA-F:.%a-z]+]|[^:\\[\\]]+):(\\d{1,5})");

    /**
     * But for one with a zone, as in {@code [fe80::1%eth0]}: that is a name of this machine's, which comes and goes.
     */
    private static final Pattern NUMERIC = Pattern.compile("\\[[^%]*]|[\\d.]+");

    private Address() {}

    /** A name is left unresolved: to look it up may take long, and it may be known only later. */
    static InetSocketAddress tcp(String text) {
        Matcher form = TCP.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT: write one such as 127.0.0.1:10809");
        }
        int port = Integer.parseInt(form.group(2));
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " does not exist: give one from 1 to 65535");
        }
        String host = form.group(1);
        return NUMERIC.matcher(host).matches()
                ? new InetSocketAddress(literal(host), port)
                : InetSocketAddress.createUnresolved(host, port);
    }

    private static InetAddress literal(String host) {
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + host + "' is no address: give one such as 127.0.0.1 or [::1]", e);
        }
    }

    static Path socket(String text) {
        Path path = ExportReader.file(text);
        if (!SocketFile.fits(path)) {
            int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
            throw new IllegalArgumentException("the path has " + bytes + " bytes, and a Unix socket's may have "
                    + SocketFile.LONGEST_PATH + ": give a shorter one");
        }
        return path;
    }

    /** {@code HOST:PORT}, of a name as it was written. */
    static String format(InetSocketAddress address) {
        String host = address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        boolean isBare = host.contains(":") && !host.startsWith("[");
        return (isBare ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
