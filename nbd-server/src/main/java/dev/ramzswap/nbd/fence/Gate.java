package dev.ramzswap.nbd.fence;

import dev.ramzswap.linux.HangUps;
import dev.ramzswap.linux.SocketHandle;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What one connection has to pass before it carries out what it has read: see {@link Fence}. The connection's thread
 * makes, passes and closes it; {@link #begin} and {@link #end} are for all of its threads.
 *
 * <p>It has a descriptor of its own for the socket. So the number means this socket as long as the gate is joined, and
 * the client learns of an end by the server no sooner than when all work is done. Another gate may look at it a moment
 * later: what it sees then has no effect, since nobody is at work here any more.
 */
public final class Gate implements AutoCloseable {
    private static final long LOOK_AGAIN_NANOS = 1_000_000;

    private final Fence fence;
    /** Null, as the one below, without a fence. */
    private final SocketHandle socket;

    private final HangUps hangUps;
    /** The batch that the reader is at, and the requests that it has left to the slow lane and that change pages. */
    private final AtomicInteger atWork = new AtomicInteger();
    /** The fence's gates when {@link #hangUps} was told of them. */
    private Gate[] joined = {};
    /** All of these but this one, in the order of {@link #hangUps}, which has this one behind them. */
    private Gate[] others = {};

    Gate(Fence fence, SocketHandle socket, HangUps hangUps) {
        this.fence = fence;
        this.socket = socket;
        this.hangUps = hangUps;
    }

    /** The gate of a connection that no other one can replace. */
    public static Gate unfenced() {
        return new Gate(new Fence(0), null, null);
    }

    /**
     * Begins a batch, after it has waited for what cut connections are still at.
     *
     * @return false if this connection is cut itself, so that nothing may be carried out, now or later
     */
    public boolean pass() throws IOException {
        begin();
        for (Gate[] gates = fence.gates(); gates.length > 1; gates = fence.gates()) {
            look(gates);
            if (hangUps.at(others.length)) {
                end();
                return false;
            }
            if (!cutOneIsAtWork()) {
                return true;
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
        return true;
    }

    /** One batch or request more is under way. */
    public void begin() {
        atWork.getAndIncrement();
    }

    /** One batch or request is done, or never will be. */
    public void end() {
        atWork.getAndDecrement();
    }

    private void look(Gate[] gates) throws IOException {
        if (gates != joined) {
            aimAt(gates);
        }
        // What the kernel reads and writes takes no part in Java's order. x86-64 needs neither, AArch64 both.
        VarHandle.fullFence();
        hangUps.look();
        VarHandle.fullFence();
    }

    private void aimAt(Gate[] gates) {
        others = Fence.without(this, gates);
        hangUps.clear();
        for (Gate other : others) {
            hangUps.add(other.socket);
        }
        hangUps.add(socket);
        joined = gates;
    }

    private boolean cutOneIsAtWork() {
        for (int i = 0; i < others.length; i++) {
            if (hangUps.at(i) && others[i].atWork.get() > 0) {
                return true;
            }
        }
        return false;
    }

    /** After the last work of the connection's threads. */
    @Override
    public void close() {
        fence.remove(this);
        atWork.set(0);
        if (socket != null) {
            socket.close();
            hangUps.close();
        }
    }
}
