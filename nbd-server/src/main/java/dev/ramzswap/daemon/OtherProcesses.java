package dev.ramzswap.daemon;

import dev.ramzswap.linux.ProcessId;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * The processes that are connected to an export beside this one, and those that were and may come back.
 *
 * <p>Of most (nbd-client, qemu, nbdcopy) nothing is known but which process each connection is of, and how it left. A
 * good-bye is of its connection alone: at a disconnect, the kernel says it by each that lives (send_disconnects in
 * drivers/block/nbd.c), and libnbd's and qemu's clients close one and go on with another. So a process left as the last
 * of its connections did: without a good-bye, it may come back, until it has and says it after all. A loss before the
 * last one counts for nothing, as the process may have made another in its place before that is heard of. Who had the
 * pages that were taken over may come back as well, and nobody knows who that was. A good-bye of somebody else (a
 * standby that rehearses, nbdinfo) says nothing of them. By TCP, nobody is known again: a loss there is for good, see
 * docs/operation.md, TCP.
 *
 * <p>Guarded by the monitor of the {@link Attachment}.
 */
final class OtherProcesses {
    /** Who is not known, by TCP or since too many are. */
    static final ProcessId UNKNOWN = new ProcessId(0, -1);

    /** Lost processes, and departures that are not judged: a client can make any number, and the heap is small. */
    static final int MOST_REMEMBERED = 64;

    /** Whoever has not come back by then has failed his own requests: {@code swapon --reconnect-timeout}. */
    private static final Duration RETURN = Duration.ofSeconds(60);

    private final LongSupplier clock;
    private final Map<ProcessId, Integer> connections = new HashMap<>();

    /**
     * Who had attached devices that have said good-bye, as long as any of that process's connections is left: it may
     * have been cut off before it could say the same, and be heard of last.
     */
    private final Set<ProcessId> detached = new HashSet<>();

    /** Connected processes that were let in late, and may not be who is waited for: nobody waits for them in turn. */
    private final Set<ProcessId> latecomers = new HashSet<>();

    /**
     * Processes whose last connection was lost; {@link #UNKNOWN} for those beyond {@link #MOST_REMEMBERED} and for
     * latecomers, too. By TCP, whose processes are not known, each connection is the last.
     */
    private final Set<ProcessId> lost = new HashSet<>();

    /** Somebody had pages here before this daemon, and the kernel has named no device since. */
    private boolean isInherited;

    /** Who was let in late as one of those; null if nobody was, or it has said good-bye. */
    private ProcessId heir;

    private long expectedSince;

    /** @param isInherited whether there are pages here that somebody may come back for */
    OtherProcesses(boolean isInherited, LongSupplier clock) {
        this.isInherited = isInherited;
        this.clock = clock;
        this.expectedSince = clock.getAsLong();
    }

    /** One is let in late that may be who is waited for. */
    void letInLate(ProcessId process) {
        if (!isConnected(process) && !becomesHeir(process)) {
            latecomers.add(process);
        }
    }

    /** Who had the pages that were taken over is whoever comes first, as far as anybody knows. */
    private boolean becomesHeir(ProcessId process) {
        boolean isFirst = isInherited && heir == null;
        if (isFirst) {
            heir = process;
        }
        return isFirst;
    }

    /**
     * Whether it is connected, or was lost: however long ago, its pages are here, and whoever else is there keeps them.
     */
    boolean isKnown(ProcessId process) {
        return isConnected(process) || lost.contains(process);
    }

    boolean isConnected(ProcessId process) {
        return connections.containsKey(process);
    }

    /** Whether one of that number is; {@link #UNKNOWN} has none. */
    boolean isConnected(int pid) {
        return connected().anyMatch(process -> process.pid() == pid && !process.equals(UNKNOWN));
    }

    boolean isAnyConnected() {
        return !connections.isEmpty();
    }

    /** How many connections it has. */
    int connections(ProcessId process) {
        return connections.getOrDefault(process, 0);
    }

    Stream<ProcessId> connected() {
        return connections.keySet().stream();
    }

    /** A connection of it begins. */
    void joined(ProcessId process) {
        connections.merge(process, 1, Integer::sum);
        detached.remove(process); // it has come back
    }

    /** A connection of it is gone. */
    void left(ProcessId process) {
        connections.merge(process, -1, (count, one) -> count + one == 0 ? null : count + one);
    }

    /** Whether it was a latecomer, of whose connections one has just {@link #left}: after the last, no more. */
    boolean leftLate(ProcessId process) {
        return isConnected(process) ? latecomers.contains(process) : latecomers.remove(process);
    }

    /** The device that it has attached has said good-bye. */
    void detached(ProcessId process) {
        if (isConnected(process)) {
            detached.add(process);
        }
    }

    /** Its last connection is gone. Returns whether its device had said good-bye. */
    boolean endDetached(ProcessId process) {
        return detached.remove(process);
    }

    /** Nobody else is attached, and the last connection of this one is gone. */
    void processLeft(ProcessId process, boolean saidGoodbye, boolean isLate) {
        if (!saidGoodbye) {
            boolean isKnownAgain = !isLate && lost.size() < MOST_REMEMBERED || lost.contains(process);
            lost.add(isKnownAgain ? process : UNKNOWN);
            expectedSince = isLate ? expectedSince : clock.getAsLong();
        } else {
            heir = process.equals(heir) ? null : heir;
            if (!process.equals(UNKNOWN)) {
                lost.remove(process);
            }
        }
    }

    /** While the kernel has the export, it is nobody else who may come back. */
    void expectNobody() {
        isInherited = false;
        lost.clear();
    }

    /** Whether one that was lost is expected, however long ago that was. */
    boolean isAnyExpected() {
        return isInherited || !lost.isEmpty();
    }

    /** Whether a process that was lost may still be back in time. */
    boolean isWaitedFor() {
        return isAnyExpected() && clock.getAsLong() - expectedSince < RETURN.toNanos();
    }
}
