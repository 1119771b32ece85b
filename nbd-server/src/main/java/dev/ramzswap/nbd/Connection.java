package dev.ramzswap.nbd;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.fence.Gate;
import dev.ramzswap.nbd.io.IoBuffer;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.tls.Tls;
import dev.ramzswap.nbd.wire.Negotiated;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** One client from accept to close, on a thread of its own. When it ends, all of its memory and threads are gone. */
final class Connection implements Runnable {
    private static final System.Logger LOG = System.getLogger(Connection.class.getName());

    private final ServerContext context;
    private final SocketChannel channel;
    private final Tls tls;

    /** Null until the client has one. */
    private Export joined;

    private PeerCredentials peer;
    private boolean saidGoodbye;

    /** Null before the client has asked for pages. */
    private volatile Transmission transmission;

    /** @param tls null if there is none */
    Connection(ServerContext context, SocketChannel channel, Tls tls) {
        this.context = context;
        this.channel = channel;
        this.tls = tls;
    }

    @Override
    public void run() {
        serve();
        try {
            if (joined != null) {
                // Not before, since who makes a new connection then needs the memory of this one.
                context.clientLeft(joined, peer, saidGoodbye);
            }
        } finally {
            abandon(); // not before either: a client that sees the end of its connection has been counted as gone
        }
    }

    private void serve() {
        try {
            serve(ClientChannel.of(channel, tls));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "connection lost", e);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "connection closed after an unexpected error", e);
        }
    }

    private void serve(ClientChannel client) throws IOException {
        peer = client.peer();
        IoShare share = new IoShare(context.memory(), client.isOwn());
        try (IoBuffer received = new IoBuffer(share, ConnectionMemory.BUFFER_BYTES);
                IoBuffer reply = new IoBuffer(share, ConnectionMemory.REPLY_BYTES)) {
            serve(client, new Buffers(share, received.view(), reply.view()));
        }
    }

    private void serve(ClientChannel client, Buffers buffers) throws IOException {
        try {
            Negotiated agreed = negotiate(client, buffers);
            if (agreed != null) {
                transmit(client, agreed, buffers);
            }
        } finally {
            client.free();
        }
    }

    private Negotiated negotiate(ClientChannel client, Buffers buffers) throws IOException {
        Future<?> alarm = context.watchdog()
                .schedule(this::abandon, context.limits().handshake().toMillis(), TimeUnit.MILLISECONDS);
        Handshake handshake = new Handshake(context, client, buffers.received(), buffers.reply());
        try {
            Negotiated agreed = handshake.run();
            if (agreed == null) {
                client.endTls();
            }
            return agreed;
        } finally {
            joined = handshake.joined();
            alarm.cancel(false);
        }
    }

    private void transmit(ClientChannel client, Negotiated agreed, Buffers buffers) throws IOException {
        try (Gate gate = context.fence(agreed.export()).join(channel);
                ExportSession session = agreed.export().open();
                Transmission begun = new Transmission(context, agreed, session, gate, client, buffers)) {
            transmission = begun;
            run(begun, agreed.export(), client.isOwn(), buffers.share());
            client.endTls();
        }
    }

    private void run(Transmission begun, Export export, boolean isOwn, IoShare share) throws IOException {
        try {
            saidGoodbye = begun.run();
        } finally {
            if (saidGoodbye) {
                share.saidGoodbye();
            } else if (!isOwn && context.mayBeAttacher(export, peer)) {
                share.isLost();
            }
        }
    }

    /** Whether nothing that it has received is still to be answered; from any thread. */
    boolean isQuiet() {
        Transmission begun = transmission;
        return begun == null || begun.isQuiet();
    }

    /** Closes the channel, so that the connection's threads end; safe from any thread. */
    void abandon() {
        Closing.quietly(channel);
    }
}
