package dev.ramzswap.nbd;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.closing.Joins;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.PassedSocket;
import dev.ramzswap.nbd.io.Acceptor;
import dev.ramzswap.nbd.tls.Tls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.function.BiConsumer;

/** One listening address and the thread that accepts there. */
final class Listener implements AutoCloseable {
    private static final String DENIED = "Permission denied";

    private final ServerSocketChannel channel;
    private final Tls tls;
    private final SocketAddress address;
    /** Closes the channel, and leaves nothing behind. */
    private final Runnable release;

    private Thread thread;

    /** Binds. @throws IOException with a message that names the address and what is wrong */
    Listener(Endpoint endpoint) throws IOException {
        SocketAddress wanted = endpoint.address();
        tls = endpoint.tls();
        if (wanted instanceof UnixDomainSocketAddress unix) {
            UnixSocketFile file = new UnixSocketFile(unix.getPath());
            channel = file.channel();
            address = unix;
            release = () -> {
                Closing.quietly(channel);
                file.remove();
            };
        } else {
            channel = ServerSocketChannel.open();
            address = bind(channel, wanted);
            release = () -> Closing.quietly(channel);
        }
    }

    /** Where it listens is another's choice, and stays when this is closed. */
    Listener(PassedSocket passed, Tls tls) throws IOException {
        channel = passed.channel();
        this.tls = tls;
        address = channel.getLocalAddress();
        release = () -> Closing.quietly(passed);
    }

    private static SocketAddress bind(ServerSocketChannel channel, SocketAddress wanted) throws IOException {
        try {
            return channel.bind(wanted).getLocalAddress();
        } catch (UnsupportedAddressTypeException e) {
            Closing.after(e, channel);
            throw new IOException(
                    "cannot listen on " + text(wanted) + ": this machine has no such addresses (IPv6)", e);
        } catch (IOException e) {
            Closing.after(e, channel);
            String message = "cannot listen on " + text(wanted) + ": " + e.getMessage() + cure(e);
            throw isDenied(e) ? new LastingException(message, e) : new IOException(message, e);
        }
    }

    private static boolean isDenied(IOException e) {
        return DENIED.equals(e.getMessage());
    }

    /** By the words that the C library has for the error number, which Java keeps to itself. */
    private static String cure(IOException e) {
        return switch (String.valueOf(e.getMessage())) {
            case DENIED -> ": give a port from 1024 on, or use sudo";
            case "Cannot assign requested address" -> ": give an address that this machine has";
            default -> ": stop who has it, or give another";
        };
    }

    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? inet.getHostString() + ":" + inet.getPort()
                : address.toString();
    }

    /** Where it listens; the port is the real one. */
    SocketAddress address() {
        return address;
    }

    void start(BiConsumer<SocketChannel, Tls> accepted) {
        thread = Acceptor.start("nbd-accept", channel, address.toString(), client -> accepted.accept(client, tls));
    }

    /** Stops listening, and removes the socket file. */
    @Override
    public void close() {
        release.run();
        if (thread != null) {
            Joins.uninterruptibly(thread);
        }
    }
}
