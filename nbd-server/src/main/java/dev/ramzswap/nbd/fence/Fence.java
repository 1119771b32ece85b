package dev.ramzswap.nbd.fence;

import dev.ramzswap.linux.HangUps;
import dev.ramzswap.linux.SocketHandle;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/**
 * Keeps a late WRITE of one connection of an export from overwriting a newer one of another.
 *
 * <p>The kernel's client cuts a connection that has not answered in time, by shutdown(2), and then sends its requests
 * again by another one at once. What the first had received must not be carried out after that:
 *
 * <pre>
 *   kernel        WRITE 1 ─► A      cut A,  WRITE 1 ─► B,  WRITE 2 ─► B
 *   A's thread        reads it ──── stalls ───────────────────────────────── carries it out: WRITE 2 is lost
 * </pre>
 *
 * Both ends of a Unix socket know of a cut before shutdown(2) returns. So each connection passes its {@link Gate} after
 * each read and before it carries out what it has read:
 *
 * <pre>
 *   1. say that it is at work                     (until all that was read is done, or never will be)
 *   2. look which of the export's connections are cut, itself last
 *   3. itself: carry out nothing    another, which is at work: wait, look again    else: go on
 * </pre>
 *
 * <b>Why no late WRITE gets through.</b> Let A have read WRITE 1, and B have read it after A was cut. B looks after
 * that, and sees the cut. If A said that it is at work before B asked, B waits for its end. If A says so later, then A
 * looks later still, sees its own cut, and carries out nothing. This is Dekker's pattern; what A says is in memory
 * before it looks. A connection that is alone does not look: another that comes first joins, then asks, and so finds it
 * at work, or is seen by it.
 *
 * <p><b>Why it ends.</b> Whoever is waited for is cut. If it waits itself, it finds that out when it looks again, and
 * gives up; if it writes a reply, it gets an error; else it is at work in the storage, which waits for no connection.
 *
 * <p>TCP brings the cut no sooner than it likes: its connections pass no gate. Thread-safe.
 */
public final class Fence {
    private static final System.Logger LOG = System.getLogger(Fence.class.getName());

    private final int most;
    private volatile Gate[] gates = {};

    /** @param most gates at once */
    public Fence(int most) {
        this.most = most;
    }

    /** The gate of a connection, for the thread that calls. */
    public Gate join(SocketChannel channel) throws IOException {
        if (!(channel.getLocalAddress() instanceof UnixDomainSocketAddress)) {
            return Gate.unfenced();
        }
        Gate gate = new Gate(this, handle(channel), new HangUps(most));
        add(gate);
        return gate;
    }

    private static SocketHandle handle(SocketChannel channel) throws IOException {
        try {
            return SocketHandle.of(channel);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a client is refused, since its connection cannot be fenced", e);
            throw e;
        }
    }

    private synchronized void add(Gate gate) {
        Gate[] more = Arrays.copyOf(gates, gates.length + 1);
        more[gates.length] = gate;
        gates = more;
    }

    synchronized void remove(Gate gate) {
        gates = without(gate, gates);
    }

    static Gate[] without(Gate gate, Gate[] gates) {
        return Arrays.stream(gates).filter(other -> other != gate).toArray(Gate[]::new);
    }

    /** A new array after every change. */
    Gate[] gates() {
        return gates;
    }
}
