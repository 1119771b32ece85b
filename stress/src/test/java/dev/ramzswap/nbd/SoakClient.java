package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.SoakCounts.Count;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongConsumer;

/**
 * One connection of the {@link Soak}, with several requests in flight. It alone changes every eighth slot, so that it
 * knows what they hold, whatever failed; of the others' slots it knows that a page must be whole, of that slot, and not
 * older than what its owner had been told to be stored when the read began. A request may be answered by EIO, and a
 * write by ENOSPC, since segments that cannot be read cannot be compacted; that changes nothing.
 *
 * <p>Like the kernel, it frees slots without a request, does not read them any more, and frees those again that were
 * reused in vain. Not thread-safe.
 */
final class SoakClient implements AutoCloseable {
    static final int CLIENTS = 8;

    /** So few that requests and replies fit in the socket's buffers, and neither side waits for the other. */
    private static final int IN_FLIGHT = 16;

    private static final int REQUEST_BYTES = 28;
    private static final int REPLY_BYTES = 16;

    private enum Kind {
        WRITE,
        PATCH,
        TRIM,
        READ,
        READ_OTHERS
    }

    /** @param name what the slot holds afterwards; of others' slots, the oldest page that it may hold */
    private record Request(Kind kind, int slot, long name, long tail) {}

    private final int id;
    private final AtomicLongArray newest;
    private final LongConsumer kernel;
    private final SplittableRandom random;
    private final RawClient client;
    private final long[] names;
    private final long[] tails;
    private final BitSet freed = new BitSet();
    private final ByteBuffer out = ByteBuffer.allocateDirect(IN_FLIGHT * (REQUEST_BYTES + SoakPage.BYTES));
    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_FLIGHT * (REPLY_BYTES + SoakPage.BYTES))
            .flip();
    private final SoakCounts counts = new SoakCounts();
    private long number;

    /**
     * @param newest of each slot, the name of the newest page that its owner was told to be stored
     * @param kernel says of a slot that it is freed
     */
    SoakClient(SocketAddress server, int id, AtomicLongArray newest, LongConsumer kernel, long seed)
            throws IOException {
        this.id = id;
        this.newest = newest;
        this.kernel = kernel;
        this.random = new SplittableRandom(seed + id);
        this.names = new long[newest.length()];
        this.tails = new long[newest.length()];
        this.client = RawClient.attached(server, "", false);
    }

    SoakCounts counts() {
        return counts;
    }

    /** Slots of its own that hold something. */
    long stored() {
        long stored = 0;
        for (int slot = id; slot < names.length; slot += CLIENTS) {
            stored += isStored(slot) ? 1 : 0;
        }
        return stored;
    }

    /** Random requests until then, by {@link System#nanoTime}. */
    void play(long end) throws IOException {
        while (System.nanoTime() - end < 0) {
            BitSet slots = new BitSet();
            List<Request> requests = new ArrayList<>();
            int slot = own();
            free(slot);
            if (random.nextBoolean()) {
                slots.set(slot);
                requests.add(write(slot)); // While it is being dropped.
            }
            while (requests.size() < IN_FLIGHT) {
                Request request = request();
                if (!slots.get(request.slot())) {
                    slots.set(request.slot());
                    requests.add(request);
                }
            }
            exchange(requests);
        }
    }

    private int own() {
        return random.nextInt(names.length / CLIENTS) * CLIENTS + id;
    }

    /** What it held may be read by others until it is dropped. */
    private void free(int slot) {
        if (!freed.get(slot)) {
            freed.set(slot);
            names[slot] = 0;
            tails[slot] = 0;
            kernel.accept(slot);
            counts.add(Count.FREES);
        }
    }

    private Request request() {
        int own = own();
        int dice = random.nextInt(20);
        if (dice < 8 || freed.get(own)) {
            return write(own);
        }
        if (dice < 14) {
            return read(own);
        }
        if (dice < 16) {
            return new Request(Kind.PATCH, own, names[own], ++number);
        }
        if (dice < 17) {
            return new Request(Kind.TRIM, own, 0, 0);
        }
        int others = random.nextInt(names.length);
        return others % CLIENTS == id ? read(own) : new Request(Kind.READ_OTHERS, others, newest.get(others), 0);
    }

    private Request write(int slot) {
        long name = SoakPage.name(++number, slot);
        return new Request(Kind.WRITE, slot, name, SoakPage.tail(name));
    }

    private Request read(int slot) {
        return new Request(Kind.READ, slot, names[slot], tails[slot]);
    }

    /** Reads all of its slots, and writes those anew that are lost, which must be to no harm. */
    void mend() throws IOException {
        for (Request lost : sweep()) {
            counts.add(Count.LOST);
            require(exchange(List.of(write(lost.slot()))).isEmpty(), "cannot be written any more", lost.slot());
        }
        require(sweep().isEmpty(), "errors, though nothing fails any more", id);
    }

    private List<Request> sweep() throws IOException {
        List<Request> failed = new ArrayList<>();
        for (int slot = id; slot < names.length; slot += CLIENTS) {
            if (!freed.get(slot)) {
                failed.addAll(exchange(List.of(read(slot))));
            }
        }
        return failed;
    }

    void trimAll() throws IOException {
        for (int slot = id; slot < names.length; slot += CLIENTS) {
            exchange(List.of(new Request(Kind.TRIM, slot, 0, 0)));
        }
    }

    /** Sends requests for different slots, and checks the replies. Returns those that were answered by an error. */
    private List<Request> exchange(List<Request> requests) throws IOException {
        out.clear();
        for (int cookie = 0; cookie < requests.size(); cookie++) {
            put(requests.get(cookie), cookie);
        }
        out.flip();
        while (out.hasRemaining()) {
            client.channel.write(out);
        }
        List<Request> failed = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            receive(requests, failed);
        }
        return failed;
    }

    private void put(Request request, int cookie) {
        boolean isPatch = request.kind() == Kind.PATCH;
        long offset = (long) request.slot() * SoakPage.BYTES + (isPatch ? SoakPage.TAIL_OFFSET : 0);
        out.putInt(NBD_REQUEST_MAGIC).putShort((short) 0).putShort((short) command(request.kind()));
        out.putLong(cookie).putLong(offset).putInt(isPatch ? Long.BYTES : SoakPage.BYTES);
        if (isPatch) {
            out.putLong(request.tail());
        } else if (request.kind() == Kind.WRITE) {
            SoakPage.put(out, out.position(), request.name(), request.tail());
            out.position(out.position() + SoakPage.BYTES);
        }
    }

    private static int command(Kind kind) {
        return switch (kind) {
            case WRITE, PATCH -> NBD_CMD_WRITE;
            case TRIM -> NBD_CMD_TRIM;
            case READ, READ_OTHERS -> NBD_CMD_READ;
        };
    }

    private void receive(List<Request> requests, List<Request> failed) throws IOException {
        await(REPLY_BYTES);
        int magic = in.getInt();
        int error = in.getInt();
        Request request = requests.get((int) in.getLong());
        require(magic == NBD_SIMPLE_REPLY_MAGIC, "an answer out of step", request.slot());
        if (error != 0) {
            counts.add(failure(request, error));
            failed.add(request);
            freeAgain(request.slot());
        } else if (command(request.kind()) == NBD_CMD_READ) {
            await(SoakPage.BYTES);
            check(request, in.position());
            in.position(in.position() + SoakPage.BYTES);
        } else {
            done(request);
        }
    }

    /** Its bit was cleared for the page that could not be stored. */
    private void freeAgain(int slot) {
        if (freed.get(slot)) {
            kernel.accept(slot);
        }
    }

    private Count failure(Request request, int error) {
        if (command(request.kind()) == NBD_CMD_READ) {
            require(error == NBD_EIO, "read error " + error, request.slot());
            return Count.READ_ERRORS;
        }
        require(
                (error == NBD_EIO || error == NBD_ENOSPC) && request.kind() != Kind.TRIM,
                "error " + error,
                request.slot());
        return error == NBD_EIO ? Count.WRITE_ERRORS : Count.REFUSALS;
    }

    private void await(int bytes) throws IOException {
        while (in.remaining() < bytes) {
            in.compact();
            int received = client.channel.read(in);
            in.flip();
            if (received < 0) {
                throw new EOFException("the server hung up");
            }
        }
    }

    private void check(Request request, int at) {
        long name = in.getLong(at);
        long tail = in.getLong(at + SoakPage.TAIL_OFFSET);
        require(SoakPage.isWhole(in, at, name), "a torn page", request.slot());
        require(name == 0 || SoakPage.slot(name) == request.slot(), "a foreign page", request.slot());
        if (request.kind() == Kind.READ) {
            require(name == request.name() && tail == request.tail(), "another page than was written", request.slot());
        } else {
            require(name == 0 || name >= request.name(), "a stale page", request.slot());
            counts.add(Count.READS_OF_OTHERS);
        }
        counts.add(Count.READS);
        if (name != 0 || tail != 0) {
            counts.add(Count.READS_OF_DATA);
        }
    }

    private void done(Request request) {
        int slot = request.slot();
        switch (request.kind()) {
            case WRITE -> {
                counts.add(Count.WRITES);
                freed.clear(slot);
            }
            case PATCH -> counts.add(Count.PATCHES);
            default -> {
                counts.add(Count.TRIMS);
                if (isStored(slot)) {
                    counts.add(Count.TRIMS_OF_DATA);
                }
            }
        }
        names[slot] = request.name();
        tails[slot] = request.tail();
        // What is read after a trim is either nothing or newer.
        newest.set(slot, request.kind() == Kind.TRIM ? SoakPage.name(++number, slot) : request.name());
    }

    private boolean isStored(int slot) {
        return names[slot] != 0 || tails[slot] != 0;
    }

    private void require(boolean isTrue, String otherwise, int slot) {
        if (!isTrue) {
            throw new AssertionError("client " + id + ", slot " + slot + ": " + otherwise);
        }
    }

    @Override
    public void close() throws IOException {
        client.send(new Bytes().disconnect());
        client.close();
    }
}
