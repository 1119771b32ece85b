package dev.ramzswap.attach;

import dev.ramzswap.daemon.Attachment;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.nbd.client.ClientHandshake;
import dev.ramzswap.nbd.client.Goodbye;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A connection to an export of this daemon, made to be offered to the kernel until it takes it. One that is not taken
 * says good-bye, so that the daemon does not take its end for a loss. For one thread.
 */
final class Offer implements Closeable {
    private static final Duration HANDSHAKE = Duration.ofSeconds(5);

    private final Attachment attachment;
    private final NativeSocket connection;
    private final long bytes;
    private boolean isTaken;

    private Offer(Attachment attachment, NativeSocket connection, long bytes) {
        this.attachment = attachment;
        this.connection = connection;
        this.bytes = bytes;
    }

    /** Makes it. @throws IOException if the daemon does not let it in within some seconds */
    static Offer of(Attachment attachment, Path socket) throws IOException {
        attachment.offer();
        try {
            NativeSocket connection = NativeSocket.connect(socket, HANDSHAKE);
            try {
                long bytes = ClientHandshake.go(connection, attachment.export()).size();
                return new Offer(attachment, connection, bytes);
            } catch (IOException | RuntimeException e) {
                connection.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            attachment.offerEnds();
            throw e;
        }
    }

    /** @return false if the device has no dead connection that this could replace, as far as the kernel knows */
    boolean to(NbdDevice device, Backend backend, NbdDriver driver) throws IOException {
        if (bytes != device.bytes()) {
            throw new IOException(device.path() + " has " + device.bytes() + " bytes, and the export " + bytes);
        }
        isTaken = driver.reconnect(device.number(), backend, connection);
        return isTaken;
    }

    @Override
    public void close() throws IOException {
        try (connection) {
            if (!isTaken) {
                attachment.offerReturns();
                Goodbye.say(connection);
            }
        } finally {
            attachment.offerEnds();
        }
    }
}
