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
 * Both ends of a Unix socket know of a cut before shutdown(2) returns. So each thread of a connection passes its
 * {@link Gate} after the read, and before it changes a page by what was read:
 *
 * <pre>
 *   1. say that it is at work                              (until the change is done, or never will be)
 *   2. look which of the export's connections are cut, itself last
 *   3. itself: drop what was read     another, which is at work: say that it is not, wait, begin again     else: go on
 * </pre>
 *
 * <b>Why no late WRITE gets through.</b> Let A have read WRITE 1, and B have read it after A was cut. B looks after
 * that, and sees the cut. If A said that it is at work before B asked, B waits for its end. If A says so later, then A
 * looks later still, sees its own cut, and carries out nothing. This is Dekker's pattern; what A says is in memory
 * before it looks. A connection that has always been alone does not look: another that comes first says so, then asks,
 * and so finds it at work, or is looked for by it. That holds when the other has gone again: what it was asked it has
 * done.
 *
 * <p><b>Why it ends.</b> Whoever is waited for is cut, and at work in the storage, which waits for no connection. A
 * reader that is at work may also wait for room in its socket, or for a task of its slow lane; but that socket is cut,
 * so that has an error at once, and the threads of the lane drop their tasks when they see the cut.
 *
 * <p><b>Why a READ passes no gate.</b> Late, it does no harm, since its answer goes nowhere; what it does to the store
 * on its way (a page that comes back from the backing file, a mark of its age) leaves each slot's content as it is, by
 * compare-and-set against a newer one. And it needs no protection from a late WRITE of a cut connection: while one is
 * at work, that WRITE has been answered by nobody, so old and new are both right. From its answer on, nobody is. The
 * same holds of BLOCK_STATUS. Nor does a READ that was sent before a WRITE was answered have to come before or after
 * it.
 *
 * <p>TCP brings the cut no sooner than it likes: its connections pass no gate. Thread-safe.
 */
public final class Fence {
    private static final System.Logger LOG = System.getLogger(Fence.class.getName());

    private final int most;
    private volatile Gate[] gates = {};
    private volatile boolean hasBeenShared;

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
        hasBeenShared |= more.length > 1;
        gates = more;
    }

    synchronized void remove(Gate gate) {
        gates = without(gate, gates);
    }

    static Gate[] without(Gate gate, Gate[] gates) {
        return Arrays.stream(gates).filter(other -> other != gate).toArray(Gate[]::new);
    }

    /** Whether there were ever two gates at once. */
    boolean hasBeenShared() {
        return hasBeenShared;
    }

    /** A new array after every change. */
    Gate[] gates() {
        return gates;
    }
}
