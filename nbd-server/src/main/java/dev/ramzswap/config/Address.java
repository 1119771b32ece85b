package dev.ramzswap.config;

import dev.ramzswap.linux.SocketFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where to listen, as people write it: {@code HOST:PORT}, {@code [::1]:PORT}, or the path of a Unix socket. */
final class Address {
    private static final Pattern TCP = Pattern.compile("(\\[[0-9a-fA-F:.%a-z]+]|[^:\\[\\]]+):(\\d{1,5})");

    private static final Pattern NUMERIC = Pattern.compile("\\[.*]|[\\d.]+");

    private Address() {}

    /** @param isLookedUp whether a name is asked its address, which may take long; otherwise it is left unresolved */
    static InetSocketAddress tcp(String text, boolean isLookedUp) {
        Matcher form = TCP.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT: write one such as 127.0.0.1:10809");
        }
        int port = Integer.parseInt(form.group(2));
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " does not exist: give one from 1 to 65535");
        }
        String host = form.group(1);
        if (!isLookedUp && !NUMERIC.matcher(host).matches()) {
            return InetSocketAddress.createUnresolved(host, port);
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("host " + host + " is not known: give an address such as 127.0.0.1", e);
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

    /** {@code HOST:PORT} with a numeric host, if it is known. */
    static String format(InetSocketAddress address) {
        String host = address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
