package dev.ramzswap.attach;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.daemon.Attachment;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.client.ClientHandshake;
import dev.ramzswap.nbd.client.Goodbye;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A connection to an export, made to be offered to the kernel until it takes it. At its end it says nothing: the kernel
 * may have taken it even if the driver failed, for want of memory for its answer, and what is said then stands in the
 * middle of a request. The loss of one that was not taken harms nothing, since only the daemon itself offers any; but
 * until the server has heard of it, it would count as one of the kernel's. For one thread.
 */
final class Offer implements Closeable {
    private static final Duration HANDSHAKE = Duration.ofSeconds(5);

    /** How long the server may take to hear of the end of one that the kernel does not have, as far as it says. */
    private static final Duration HEARING = Duration.ofSeconds(1);

    private final Attachment attachment;
    private final int ownBefore;
    private final NativeSocket connection;
    private final long bytes;
    private boolean isTaken;

    private Offer(Attachment attachment, int ownBefore, NativeSocket connection, long bytes) {
        this.attachment = attachment;
        this.ownBefore = ownBefore;
        this.connection = connection;
        this.bytes = bytes;
    }

    /** Makes it. @throws IOException if the daemon does not let it in within some seconds */
    static Offer of(Attachment attachment, Path socket) throws IOException {
        int ownBefore = attachment.own();
        attachment.offer();
        try {
            NativeSocket connection = NativeSocket.connect(socket, HANDSHAKE);
            try {
                long bytes = ClientHandshake.go(connection, attachment.export()).size();
                return new Offer(attachment, ownBefore, connection, bytes);
            } catch (Throwable e) { // An Error, too: that no memory is left is one.
                Closing.after(e, connection);
                throw e;
            }
        } catch (Throwable e) {
            attachment.offerEnds();
            awaitEnd(attachment, ownBefore);
            throw e;
        }
    }

    private static void awaitEnd(Attachment attachment, int ownBefore) {
        try {
            attachment.awaitOwn(ownBefore, HEARING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return false if the device has no dead connection that this could replace, as far as the kernel knows */
    boolean to(NbdDevice device, Backend backend, NbdDriver driver) throws IOException {
        if (bytes != device.bytes()) {
            throw new IOException(device.path() + " has " + device.bytes() + " bytes, and the export " + bytes);
        }
        attachment.offered(backend.attacher());
        isTaken = driver.reconnect(device.number(), backend, connection);
        return isTaken;
    }

    /** To another daemon, which would take who leaves without a word for lost, and wait for him. */
    void sayGoodbye() throws IOException {
        Goodbye.say(connection);
    }

    /**
     * Without a good-bye: to this daemon, it would be that of the device, whose connections are its own as well. Unless
     * the kernel has taken it, this returns when the server has heard of its end.
     */
    @Override
    public void close() throws IOException {
        try (connection) {
            attachment.offerEnds();
        }
        if (!isTaken) {
            awaitEnd(attachment, ownBefore);
        }
    }
}
