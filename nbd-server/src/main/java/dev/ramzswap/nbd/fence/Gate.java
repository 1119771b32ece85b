package dev.ramzswap.nbd.fence;

import dev.ramzswap.linux.HangUps;
import dev.ramzswap.linux.SocketHandle;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What one connection has to pass before it changes pages by what it has read: see {@link Fence}. Its reader makes and
 * closes it; all its threads pass it, each for itself.
 *
 * <p>It has a descriptor of its own for the socket. So the number means this socket as long as the gate is joined, and
 * the client learns of an end by the server no sooner than when all work is done. Another gate may look at it a moment
 * later: what it sees then has no effect, since nobody is at work here any more.
 */
public final class Gate implements AutoCloseable {
    private static final long LOOK_AGAIN_NANOS = 1_000_000;

    /** What a look shows: nothing in the way, somebody who is cut and at work, or that this connection is cut. */
    private enum View {
        FREE,
        BLOCKED,
        CUT
    }

    private final Fence fence;
    /** Null, as the one below, without a fence. */
    private final SocketHandle socket;

    private final HangUps hangUps;
    /** The threads that are behind the gate. */
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
     * Begins work, if nothing is in the way.
     *
     * @return whether pages may be changed until {@link #end}
     */
    public boolean tryPass() throws IOException {
        return passIfFree() == View.FREE;
    }

    /**
     * Begins work, after it has waited for what cut connections are still at.
     *
     * @return whether pages may be changed until {@link #end}; if not, this connection is cut itself, and nothing of
     *     what it has read may be carried out, now or later
     */
    public boolean pass() throws IOException {
        View view = passIfFree();
        while (view == View.BLOCKED) {
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            view = passIfFree();
        }
        return view == View.FREE;
    }

    /** Whoever looks has said before that it is at work; whoever waits is not. */
    private View passIfFree() throws IOException {
        atWork.getAndIncrement();
        View view = view();
        if (view != View.FREE) {
            end();
        }
        return view;
    }

    /** What was begun is done. */
    public void end() {
        atWork.getAndDecrement();
    }

    private View view() throws IOException {
        return fence.hasBeenShared() ? look(fence.gates()) : View.FREE;
    }

    private synchronized View look(Gate[] gates) throws IOException {
        if (gates != joined) {
            aimAt(gates);
        }
        // What the kernel reads and writes takes no part in Java's order. x86-64 needs neither, AArch64 both.
        VarHandle.fullFence();
        hangUps.look();
        VarHandle.fullFence();
        if (hangUps.at(others.length)) {
            return View.CUT;
        }
        return cutOneIsAtWork() ? View.BLOCKED : View.FREE;
    }

    /** Whether the client has cut this connection: what it sent before can be read, and then there is no more. */
    public boolean isCut() throws IOException {
        return socket != null && look(fence.gates()) == View.CUT;
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
        atWork.set(0); // of a thread that an error ended at its work
        if (socket != null) {
            socket.close();
            hangUps.close();
        }
    }
}
