package dev.ramzswap.bench;

import static dev.ramzswap.bench.NbdConnection.CMD_READ;
import static dev.ramzswap.bench.NbdConnection.CMD_TRIM;
import static dev.ramzswap.bench.NbdConnection.CMD_WRITE;
import static dev.ramzswap.bench.NbdConnection.REPLY_BYTES;

import java.io.IOException;

/**
 * One connection's load on its own range of slots: keeps up to {@code depth} requests in flight, tops them up as soon
 * as a quarter is free, all in one call, and looks at every reply that a call brought. Allocates nothing per operation.
 * Not thread-safe; one phase at a time.
 */
final class Worker implements AutoCloseable {
    /**
     * Beside reads, so few writes are in flight that they fit a socket's buffer: else client and server could each wait
     * for the other to read.
     */
    private static final int MIX_WRITES = 32;

    private static final int NO_SLOT = -1;
    private static final int TRIES = 64;

    private final NbdConnection connection;
    private final DeviceContent content;
    private final int begin;
    private final int end;
    private final InFlight inFlight;
    private final Requests requests = new Requests();
    private final Replies replies = new Replies();
    private long random;

    private Phase phase = new Phase(Phase.Kind.FILL, 1);
    private LatencyHistogram latency = new LatencyHistogram();
    private int cursor;
    private boolean more;
    private long countFrom;
    private long stopAt;
    private long operations;
    private long mismatches;
    private long errors;

    /** Works on slots {@code begin} to {@code end} - 1, which no other worker touches. */
    Worker(NbdConnection connection, DeviceContent content, int begin, int end, long seed) {
        this.connection = connection;
        this.content = content;
        this.begin = begin;
        this.end = end;
        this.inFlight = new InFlight(content.slots());
        this.random = (seed + begin) * 0x9E3779B97F4A7C15L | 1;
    }

    /** Runs a phase to its end. A sequential phase counts all operations; a timed one those after the warm-up. */
    PhaseResult run(Phase newPhase, long warmupNanos, long nanos) throws IOException {
        long start = System.nanoTime();
        begin(newPhase, start, warmupNanos, nanos);
        long now = start;
        while (more || inFlight.count() > 0) {
            if (more && inFlight.room() * 4 >= phase.depth()) {
                send(now);
            }
            if (inFlight.count() > 0) {
                replies.receive(connection.channel());
                now = System.nanoTime();
                handleReplies(now);
            }
        }
        return new PhaseResult(operations, (now - countFrom) / 1e9, latency, mismatches, errors);
    }

    private void begin(Phase newPhase, long start, long warmupNanos, long nanos) {
        phase = newPhase;
        latency = new LatencyHistogram();
        inFlight.reset(phase.depth());
        cursor = begin;
        more = true;
        boolean sequential = phase.kind().sequential();
        countFrom = sequential ? start : start + warmupNanos;
        stopAt = sequential ? Long.MAX_VALUE : countFrom + nanos;
        operations = 0;
        mismatches = 0;
        errors = 0;
    }

    private void send(long now) throws IOException {
        if (now - stopAt >= 0) {
            more = false;
            return;
        }
        while (more && inFlight.room() > 0) {
            int slot = nextSlot();
            if (slot == NO_SLOT) {
                break;
            }
            short command = nextCommand();
            requests.add(command, inFlight.add(command, slot, now), slot);
            if (command == CMD_WRITE) {
                content.overwrite(slot);
                requests.addPayload(content.bytes(), content.expected(slot));
            } else if (command == CMD_TRIM) {
                content.trim(slot);
            }
        }
        requests.sendTo(connection);
    }

    private int nextSlot() {
        if (phase.kind().sequential()) {
            int slot = cursor;
            cursor += phase.kind().step();
            more = cursor < end;
            return slot;
        }
        for (int i = 0; i < TRIES; i++) {
            int slot = begin + (int) ((nextRandom() >>> 33) % (end - begin));
            if (!inFlight.isBusy(slot)) {
                return slot;
            }
        }
        return NO_SLOT;
    }

    private short nextCommand() {
        return switch (phase.kind()) {
            case FILL, REWRITE -> CMD_WRITE;
            case SEQREAD, READ -> CMD_READ;
            case TRIM -> CMD_TRIM;
            case MIX -> inFlight.writes() < MIX_WRITES && (nextRandom() & 1L << 40) != 0 ? CMD_WRITE : CMD_READ;
        };
    }

    /** Marsaglia's xorshift64. */
    private long nextRandom() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return random;
    }

    private void handleReplies(long now) throws IOException {
        while (replies.holds(REPLY_BYTES)) {
            long cookie = replies.cookie();
            if (replies.magic() != NbdConnection.REPLY_MAGIC || !inFlight.contains(cookie)) {
                throw new IOException("a reply with magic 0x" + Integer.toHexString(replies.magic()) + " and cookie "
                        + cookie + " that nothing waits for");
            }
            int request = (int) cookie;
            boolean hasPayload = inFlight.isRead(request) && replies.error() == 0;
            int length = hasPayload ? REPLY_BYTES + Pages.BYTES : REPLY_BYTES;
            if (!replies.holds(length)) {
                return;
            }
            if (hasPayload && !content.matches(inFlight.slot(request), replies.bytes(), replies.payload())) {
                mismatches++;
            }
            errors += replies.error() != 0 ? 1 : 0;
            count(inFlight.sentNanos(request), now);
            inFlight.remove(request);
            replies.skip(length);
        }
    }

    private void count(long sent, long now) {
        if (now - countFrom >= 0) {
            operations++;
            latency.record(now - sent);
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
