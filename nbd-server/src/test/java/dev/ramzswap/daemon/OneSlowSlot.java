package dev.ramzswap.daemon;

import dev.ramzswap.backing.HangingDevice;
import dev.ramzswap.config.AllowList;
import dev.ramzswap.nbd.ClientListener;
import dev.ramzswap.nbd.Endpoint;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.NbdServer;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.HangingStore;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreStatus;
import dev.ramzswap.store.Workspace;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/**
 * Measures what other slots feel of one whose page the disk takes 5 s to read: latency through NBD, one request in
 * flight, on the connection that asked for the slow one and on another. A command, see docs/figures.md; the argument is
 * a directory for the backing file.
 */
final class OneSlowSlot {
    private static final int SLOT = PageStore.SLOT_BYTES;
    private static final int SLOTS = 16_384;
    private static final long LIMIT = 16 << 20;
    private static final long SECONDS = 5;
    private static final int SAMPLES = 1_000_000;

    /** What is asked for, in turns. */
    private enum Request {
        LOAD_FROM_RAM,
        STORE,
        LOAD_FROM_DISK
    }

    private final PageStore store;
    private final HangingDevice device;
    private final SocketAddress address;
    private final ByteBuffer pages = ByteBuffer.allocateDirect(64 * SLOT);
    private final int[] inRam;
    private final int[] onDisk;
    private final long[][] nanos = new long[Request.values().length][SAMPLES];
    private final int[] count = new int[Request.values().length];
    private int turn;

    private OneSlowSlot(PageStore store, HangingDevice device, SocketAddress address) {
        this.store = store;
        this.device = device;
        this.address = address;
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < pages.capacity(); i += Long.BYTES) {
            pages.putLong(i, i % 16 == 0 ? random.nextLong() : i);
        }
        try (Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                if (store.store(slot, pages, slot % 64 * SLOT, work) != StoreStatus.OK) {
                    throw new IllegalStateException("slot " + slot + " is refused");
                }
            }
            boolean[] isOnDisk = new boolean[SLOTS];
            for (int slot = 0; slot < SLOTS; slot++) {
                isOnDisk[slot] = HangingStore.isOnDevice(store, slot, work);
            }
            inRam = IntStream.range(0, SLOTS).filter(slot -> !isOnDisk[slot]).toArray();
            onDisk = IntStream.range(0, SLOTS).filter(slot -> isOnDisk[slot]).toArray();
        }
        System.out.printf("%d slots, of which %d can only be read from the disk%n", SLOTS, onDisk.length);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory(Path.of(arguments[0]), "slow");
        Path file = directory.resolve("backing");
        Path socket = directory.resolve("s");
        AtomicReference<HangingDevice> device = new AtomicReference<>();
        StoreConfig config = new StoreConfig(
                "swap0",
                SLOTS,
                LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(new StoreConfig.Backing(file, StoreConfig.WORST_CASE, true)),
                false,
                0,
                Optional.empty());
        SocketAddress address = UnixDomainSocketAddress.of(socket);
        try (PageStore store = HangingStore.open(config, device::set);
                NbdServer _ = serve(store, address)) {
            new OneSlowSlot(store, device.get(), address).measure();
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(socket);
            Files.delete(directory);
        }
    }

    private static NbdServer serve(PageStore store, SocketAddress address) throws IOException {
        int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        SwapExport export = new SwapExport("swap0", false, new AllowList(Set.of(uid), Set.of()), store);
        NbdServer server =
                new NbdServer(List.of(export), List.of(Endpoint.plain(address)), Limits.DEFAULT, ClientListener.NONE);
        server.start();
        return server;
    }

    private void measure() throws IOException, InterruptedException {
        try (LoopbackClient one = new LoopbackClient(address, "swap0");
                LoopbackClient other = new LoopbackClient(address, "swap0")) {
            run(one, "warm-up");
            run(one, "nothing hangs");
            askForSlow(one);
            run(one, "one slot hangs, same connection");
            one.exchange(1);
            run(other, "nothing hangs");
            askForSlow(one);
            run(other, "one slot hangs, another connection");
            one.exchange(1);
        }
    }

    private void askForSlow(LoopbackClient client) throws IOException, InterruptedException {
        // A little more than is measured, so that it hangs to the end.
        device.hang((SECONDS * 1000 + 200) * 1_000_000);
        client.read((long) onDisk[0] * SLOT, SLOT);
        client.exchange(0);
        device.awaitHanging();
    }

    private void run(LoopbackClient client, String what) throws IOException {
        Arrays.fill(count, 0);
        SplittableRandom random = new SplittableRandom(turn);
        long end = System.nanoTime() + SECONDS * 1_000_000_000;
        while (System.nanoTime() - end < 0) {
            Request request = Request.values()[turn++ % Request.values().length];
            ask(client, request, random);
            long begin = System.nanoTime();
            if (client.exchange(1) != 0) {
                throw new IOException("an error");
            }
            nanos[request.ordinal()][count[request.ordinal()]++ % SAMPLES] = System.nanoTime() - begin;
        }
        for (Request request : Request.values()) {
            print(what, request);
        }
    }

    private void ask(LoopbackClient client, Request request, SplittableRandom random) {
        switch (request) {
            case LOAD_FROM_RAM -> client.read((long) inRam[random.nextInt(inRam.length)] * SLOT, SLOT);
            case STORE ->
                client.write((long) inRam[random.nextInt(inRam.length)] * SLOT, pages, random.nextInt(64) * SLOT, SLOT);
            case LOAD_FROM_DISK -> client.read((long) onDisk[1 + random.nextInt(onDisk.length - 1)] * SLOT, SLOT);
        }
    }

    private void print(String what, Request request) {
        int samples = Math.min(count[request.ordinal()], SAMPLES);
        long[] sorted = Arrays.copyOf(nanos[request.ordinal()], samples);
        Arrays.sort(sorted);
        System.out.printf(
                "%-36s %-15s %8d requests, us: median %7.1f, p99 %7.1f, p99.9 %7.1f, most %8.1f%n",
                what,
                request,
                samples,
                sorted[samples / 2] / 1e3,
                sorted[samples * 99 / 100] / 1e3,
                sorted[(int) (samples * 999L / 1000)] / 1e3,
                sorted[samples - 1] / 1e3);
    }
}
