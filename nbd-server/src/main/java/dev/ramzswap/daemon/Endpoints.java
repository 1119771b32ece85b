package dev.ramzswap.daemon;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.TlsConfig;
import dev.ramzswap.config.TlsFiles;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.PassedSocket;
import dev.ramzswap.nbd.ClientListener;
import dev.ramzswap.nbd.ConnectionMemory;
import dev.ramzswap.nbd.Endpoint;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.NbdServer;
import dev.ramzswap.nbd.export.Export;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where a daemon lets clients in, and who may reach it there. */
final class Endpoints {
    private static final System.Logger LOG = System.getLogger(Endpoints.class.getName());

    private final Config config;
    private final Host host;
    private final Optional<TlsFiles> tls;
    private final boolean isSocketEnough;

    /**
     * @param isTakenOver whether there are pages: the kernel comes by the Unix socket, and is not to lose them for TCP
     */
    Endpoints(Config config, Host host, Optional<TlsFiles> tls, boolean isTakenOver) {
        this.config = config;
        this.host = host;
        this.tls = tls;
        this.isSocketEnough = isTakenOver && config.socket().isPresent();
    }

    /** What its connections may have. */
    static Limits limits(Config config) {
        return config.protection().isSwap() ? Limits.SWAP : Limits.DEFAULT;
    }

    /**
     * Serves exports there, or where it must.
     *
     * @param memory of its connections, which the server closes
     * @throws IOException with a message that names the flag, if an address that it needs cannot be had; nobody is let
     *     in then
     */
    NbdServer serve(List<Export> exports, ConnectionMemory memory, ClientListener clients) throws IOException {
        Optional<InetSocketAddress> tcp = isSocketEnough ? Optional.empty() : address();
        List<Endpoint> needed =
                Stream.concat(socket().stream(), tcp.stream().map(this::tcp)).toList();
        NbdServer server = new NbdServer(exports, config.exports().getFirst().name(), needed, memory, clients);
        try {
            if (config.isSocketPassed()) {
                adopt(server, PassedSocket.take());
            }
            start(server);
        } catch (IOException | RuntimeException e) {
            Closing.after(e, server);
            throw e;
        }
        tcp.ifPresent(this::warnOfOthers);
        return server;
    }

    private Optional<Endpoint> socket() throws IOException {
        if (config.socket().isEmpty()) {
            return Optional.empty();
        }
        makeParent(config.socket().get());
        return Optional.of(new Endpoint(
                UnixDomainSocketAddress.of(config.socket().get()),
                tls.map(TlsFiles::onSocket).orElse(null)));
    }

    private Optional<InetSocketAddress> address() throws IOException {
        if (config.listen().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(known(config.listen().get()));
        } catch (IOException e) {
            throw new IOException("--listen: " + Cause.of(e), e);
        }
    }

    private Endpoint tcp(InetSocketAddress address) {
        return new Endpoint(address, tls.map(TlsFiles::onTcp).orElse(null));
    }

    /** Serves where it had no need to yet, as soon as that can be had. It may take long to look a name up. */
    void serveElsewhere(NbdServer server, Retries retries) {
        if (isSocketEnough) {
            config.listen()
                    .filter(address ->
                            address.isUnresolved() || !attempt(server, address).isEmpty())
                    .ifPresent(address -> retries.begin(
                            "listen",
                            () -> attempt(server, address),
                            "the exports are served by the Unix socket alone: --listen"));
        }
    }

    private String attempt(NbdServer server, InetSocketAddress address) {
        try {
            InetSocketAddress known = known(address);
            server.add(tcp(known));
            warnOfOthers(known);
            return "";
        } catch (IOException e) {
            return Cause.of(e);
        } catch (OutOfMemoryError e) { // no thread is to be had
            return e.getMessage();
        }
    }

    /** Of a name is found out here who can reach it. */
    InetSocketAddress known(InetSocketAddress address) throws IOException {
        if (!address.isUnresolved()) {
            return address;
        }
        var known = new InetSocketAddress(lookUp(address.getHostString()), address.getPort());
        if (!config.isInsecure()) {
            checkReach("", known, "--insecure to serve anybody");
        }
        return known;
    }

    private static InetAddress lookUp(String name) throws IOException {
        try {
            return InetAddress.getByName(name);
        } catch (UnknownHostException e) {
            throw new IOException("host " + name + " is not known: give an address such as 127.0.0.1", e);
        }
    }

    private void start(NbdServer server) throws IOException {
        try {
            server.start();
        } catch (IOException e) {
            String flag = Stores.names(e, config.socket()) ? "--socket: " : "--listen: ";
            throw new IOException(flag + Cause.of(e), e);
        }
    }

    private void warnOfOthers(InetSocketAddress address) {
        if (TlsConfig.isForAnybody(address, config.tls())) {
            LOG.log(
                    Level.WARNING,
                    "others can reach " + config.listenText().orElseThrow()
                            + ", and are served whoever they are (--insecure)");
        }
    }

    /** Its clients are let in as by an address of our own of the same kind. */
    private void adopt(NbdServer server, PassedSocket passed) throws IOException {
        if (passed.channel().getLocalAddress() instanceof InetSocketAddress inet) {
            checkReach("LISTEN_FDS: ", inet, "give a loopback address");
            server.adopt(passed, tls.map(TlsFiles::onTcp).orElse(null));
        } else {
            server.adopt(passed, tls.map(TlsFiles::onSocket).orElse(null));
        }
    }

    private void checkReach(String origin, InetSocketAddress address, String otherwise) throws IOException {
        if (TlsConfig.isForAnybody(address, config.tls())) {
            throw new LastingException(origin + "other machines can reach " + address
                    + ": add --tls-cert, --tls-key and --tls-ca, or " + otherwise);
        }
    }

    private void makeParent(Path socket) throws IOException {
        Path parent = socket.getParent();
        String mode = host.isRoot() ? "rwxr-xr-x" : "rwx------";
        try {
            Files.createDirectories(
                    parent, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
        } catch (AccessDeniedException | FileAlreadyExistsException e) {
            throw new LastingException("--socket: " + Cause.withoutCure(e) + ": give a path in another directory", e);
        }
    }
}
