package dev.ramzswap.linux;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;

/**
 * The listening socket that a service manager has passed as the first of its file descriptors (sd_listen_fds(3)). Java
 * takes one over only from stdin, so it is moved there; and when Java closes it, it leads stdout and stderr to nowhere,
 * so they are put back then.
 */
public final class PassedSocket implements Closeable {
    /** {@code SD_LISTEN_FDS_START}: systemd/sd-daemon.h. */
    private static final int FIRST_PASSED = 3;

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private final ServerSocketChannel channel;

    private PassedSocket(ServerSocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the socket. It can be had once.
     *
     * @throws IOException if what was passed is not a listening stream socket
     */
    public static PassedSocket take() throws IOException {
        check("dup2", LinuxFile.dup2(FIRST_PASSED, STDIN));
        if (!(System.inheritedChannel() instanceof ServerSocketChannel channel)) {
            throw new LastingException("LISTEN_FDS: file descriptor " + FIRST_PASSED + " is not a listening socket");
        }
        check("close", LinuxFile.close(FIRST_PASSED));
        return new PassedSocket(channel);
    }

    public ServerSocketChannel channel() {
        return channel;
    }

    /** Accepts no more. Who connects then waits for the next process that gets this socket. */
    @Override
    public void close() throws IOException {
        int out = check("dup", LinuxFile.dup(STDOUT));
        int err = check("dup", LinuxFile.dup(STDERR));
        try {
            channel.close();
        } finally {
            restore(out, STDOUT);
            restore(err, STDERR);
        }
    }

    private static void restore(int kept, int stream) throws IOException {
        check("dup2", LinuxFile.dup2(kept, stream));
        check("close", LinuxFile.close(kept));
    }

    private static int check(String call, int result) throws IOException {
        if (result < 0) {
            throw new ErrnoException(call, "the socket that was passed", -result);
        }
        return result;
    }
}
