package dev.ramzswap.daemon;

import dev.ramzswap.config.AllowList;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.MemoryCheck;
import dev.ramzswap.config.Size;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.linux.DiskSleep;
import dev.ramzswap.linux.MappedFile;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.Self;
import dev.ramzswap.linux.SocketFile;
import dev.ramzswap.nbd.ClientListener;
import dev.ramzswap.nbd.Endpoint;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.NbdServer;
import dev.ramzswap.nbd.UnixSocketFile;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Uses a small export of its own in every way that the real ones will be used, before these are there: all classes that
 * the way of a page, a spill, a changed limit, a device without room, a takeover and the end of a daemon need are then
 * loaded, the hot ones compiled, and what is made once and for all is made. Afterwards nothing of that asks for memory
 * while the kernel has none.
 */
public final class WarmUp {
    private static final String NAME = "warm-up";
    private static final String FILE = ".warm-up.file";
    private static final String STATE = ".warm-up.state";
    private static final String SOCKET = ".warm-up.sock";
    private static final String CONTROL = ".warm-up.control";
    private static final String ANY = "*{" + FILE + "," + STATE + "," + SOCKET + "," + CONTROL + "}";
    /** Its own client is to it what the kernel and others will be. */
    private static final int NOBODY = 0;

    private static final int SLOTS = 2048;
    private static final int SLOT_BYTES = PageStore.SLOT_BYTES;

    /** Rounds of {@link #BATCH} requests: enough for the C1 compiler, which is the last (see java.options). */
    private static final int ROUNDS = 60;

    private static final int BATCH = 16;
    private static final int CLUSTER_BYTES = 8 * SLOT_BYTES;
    private static final long LIMIT = 2 << 20;

    private static final long FULL_LIMIT = 1 << 20;
    private static final long FULL_BACKING = 1 << 20;
    /** Its files at most. */
    private static final long ROOM = 12 << 20;

    private static final int FULL_ERRORS = 50;
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final MemoryCheck NO_MEMORY = new MemoryCheck(new Host(0, 0, Map.of()), false);

    private final AllowList allowed;
    private final Path directory;
    private final Path room;
    private final Path socket;
    private final Path controlSocket;
    private final Attachment attachment;
    private final Path backingFile;
    private final Path stateDir;
    private final boolean isEncrypted;
    private final SplittableRandom random = new SplittableRandom(1);
    private final ByteBuffer pages = ByteBuffer.allocateDirect(2 * BATCH * SLOT_BYTES);

    /**
     * @param directory where its sockets may lie meanwhile, if paths in {@code room} are too long for them
     * @param room where all that it makes may
     * @param kernel is asked as it will be whenever a client leaves
     * @param isEncrypted whether a backing file will be: a daemon that has none such needs no memory for a cipher
     */
    WarmUp(Path directory, Path room, Host host, Attachments kernel, boolean isEncrypted) {
        this.isEncrypted = isEncrypted;
        allowed = AllowList.of(Set.of(), Set.of(), host);
        long pid = ProcessHandle.current().pid();
        this.directory = directory;
        this.room = room;
        Path sockets = SocketFile.fits(room.resolve(pid + CONTROL)) ? room : directory;
        socket = sockets.resolve(pid + SOCKET);
        controlSocket = sockets.resolve(pid + CONTROL);
        attachment = new Attachment(NAME, 0, false, kernel, NOBODY, System::nanoTime);
        backingFile = room.resolve(pid + FILE);
        stateDir = room.resolve(pid + STATE);
    }

    /** @throws IOException also if there is no room, which is of no configured file, and says so */
    void run() throws IOException {
        try {
            warmUp();
        } catch (IOException e) {
            throw new IOException(
                    "the warm-up, which needs " + Size.format(ROOM) + " of room in " + room + forSockets()
                            + " for a moment, failed: " + e.getMessage(),
                    e);
        }
    }

    private String forSockets() {
        Path sockets = socket.getParent();
        return sockets.equals(room) ? "" : ", and for sockets in " + sockets + ",";
    }

    private void warmUp() throws IOException {
        removeLeftovers();
        end();
        makePages();
        try {
            try (PageStore store =
                    PageStore.open(config(StoreConfig.NO_LIMIT, StoreConfig.WORST_CASE, Optional.empty()))) {
                serve(store, 1 << 20, this::useAll);
            }
            StoreConfig full = config(FULL_LIMIT, FULL_BACKING, Optional.of(stateDir));
            try (PageStore store = PageStore.open(full)) {
                serve(store, 64 << 10, this::overfill);
            }
            // Takes over what that one has left.
            PageStore.open(full).discard();
        } finally {
            remove(backingFile);
            remove(stateDir);
        }
    }

    /**
     * What daemons have left that were killed meanwhile: it may be memory. Another one may remove it at this moment.
     */
    void removeLeftovers() throws IOException {
        for (Path own : List.of(room, directory)) {
            removeLeftovers(own);
            UnixSocketFile.removeLeftovers(own);
        }
    }

    private static void removeLeftovers(Path own) throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(own, ANY)) {
            for (Path path : leftovers) {
                if (isLeft(path)) {
                    remove(path);
                }
            }
        }
    }

    /** Others may have theirs here, and an export's socket may bear such a name. */
    private static boolean isLeft(Path path) throws IOException {
        String pid = path.getFileName().toString().split("\\.", 2)[0];
        return pid.matches("\\d+") && !Files.exists(Path.of("/proc", pid)) && Self.owns(path);
    }

    private static void remove(Path leftover) throws IOException {
        if (Files.isDirectory(leftover, LinkOption.NOFOLLOW_LINKS)) {
            removeParts(leftover);
        }
        Files.deleteIfExists(leftover);
    }

    private static void removeParts(Path state) throws IOException {
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(state)) {
            for (Path part : parts) {
                removePart(part);
            }
        } catch (NoSuchFileException e) {
            // gone between the look at it and this one
        }
    }

    private static void removePart(Path part) throws IOException {
        try {
            MappedFile.remove(part);
        } catch (NoSuchFileException e) {
            // gone between the look at it and the removal
        }
    }

    private StoreConfig config(long limit, long backingBytes, Optional<Path> stateDir) {
        return new StoreConfig(
                NAME,
                SLOTS,
                limit,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(new StoreConfig.Backing(backingFile, backingBytes, isEncrypted)),
                true,
                1 << 20,
                stateDir);
    }

    private final class Clients implements ClientListener {
        @Override
        public boolean joins(String export, PeerCredentials peer) {
            attachment.joined(peer);
            return true;
        }

        @Override
        public void left(String export, PeerCredentials peer, boolean saidGoodbye) {
            attachment.left(peer, saidGoodbye);
        }
    }

    /** What is done with a store that is served. */
    private interface Use {
        void of(PageStore store) throws IOException;
    }

    /** @param prepared bytes for each connection: the process stays as large as it once was */
    private void serve(PageStore store, long prepared, Use use) throws IOException {
        NbdServer server = new NbdServer(
                List.of(new SwapExport(NAME, false, allowed, store)),
                List.of(Endpoint.plain(UnixDomainSocketAddress.of(socket))),
                Limits.DEFAULT.withPreparedMemory(prepared),
                new Clients());
        try {
            server.start();
            use.of(store);
        } finally {
            server.shutdown(GRACE);
        }
    }

    private void useAll(PageStore store) throws IOException {
        change(store);
        for (CodecSpec codec : List.of(CodecSpec.parse("zstd:1"), CodecSpec.LZ4)) {
            store.setCodec(codec);
            play(store);
        }
    }

    /**
     * Until neither memory nor backing file have room, and beyond; with two connections, since the kernel has several.
     */
    private void overfill(PageStore store) throws IOException {
        int incompressible = (2 * BATCH - 1) * SLOT_BYTES;
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
        try (LoopbackClient client = new LoopbackClient(address, NAME);
                LoopbackClient _ = new LoopbackClient(address, NAME)) {
            int failed = 0;
            for (int slot = 0; slot < SLOTS && failed < FULL_ERRORS; slot += BATCH) {
                for (int i = 0; i < BATCH; i++) {
                    client.write((long) (slot + i) * SLOT_BYTES, pages, incompressible, SLOT_BYTES);
                }
                failed += client.exchange(BATCH);
            }
        }
        store.counters().snapshot();
    }

    /** Some that are same-filled, some that compress, some that do not. */
    private void makePages() {
        for (int i = 0; i < pages.capacity() / Long.BYTES; i++) {
            int page = i * Long.BYTES / SLOT_BYTES;
            boolean isRandom = page % 8 != 0 && i % 512 < page * 16;
            pages.putLong(i * Long.BYTES, isRandom ? random.nextLong() : page);
        }
    }

    /** Told to end by a signal, and looks whether it can. */
    private void end() {
        Ending ending = new Ending(attachment::isAttached);
        Signals.warmUp(ending::request);
        boolean ignored = new DiskSleep().awaitAwake(Duration.ZERO);
    }

    /** As {@code set} does, a wrong one first. */
    private void change(PageStore store) throws IOException {
        try (ControlSocket _ = new ControlSocket(
                controlSocket,
                new ControlRequests(
                        Map.of(NAME, store), Map.of(), Map.of(), NO_MEMORY, new Ending(() -> true), Level.DEBUG))) {
            ControlSocket.request(controlSocket, "set " + NAME + " limit=1");
            ControlSocket.request(controlSocket, "set " + NAME + " codec=zstd:3");
        }
    }

    private void play(PageStore store) throws IOException {
        try (LoopbackClient client = new LoopbackClient(UnixDomainSocketAddress.of(socket), NAME)) {
            for (int round = 0; round < ROUNDS; round++) {
                // Up and down: spills and compaction, then pages that come back.
                if (round % 10 == 0) {
                    store.setLimit(round / 10 % 3 == 2 ? StoreConfig.NO_LIMIT : LIMIT);
                }
                ask(client, round);
            }
            store.setLimit(StoreConfig.NO_LIMIT);
        }
        store.counters().snapshot();
    }

    private void ask(LoopbackClient client, int round) throws IOException {
        for (int i = 0; i < BATCH; i++) {
            client.write(anySlot(), pages, random.nextInt(2 * BATCH) * SLOT_BYTES, SLOT_BYTES);
        }
        exchange(client, BATCH, 0);
        for (int i = 0; i < BATCH; i++) {
            client.read(anySlot(), SLOT_BYTES);
        }
        exchange(client, BATCH, 0);
        if (round % 10 == 0) {
            client.write(anyCluster(), pages, 0, CLUSTER_BYTES);
            client.read(anyCluster(), CLUSTER_BYTES);
            client.trim(anyCluster(), CLUSTER_BYTES);
            client.writeZeroes(anySlot(), SLOT_BYTES);
            client.write(anySlot() + 100, pages, 0, 1000);
            client.read(anySlot() + 100, 1000);
            client.read((long) SLOTS * SLOT_BYTES, SLOT_BYTES);
            client.flush();
            // The READ past the end is an error.
            exchange(client, 8, 1);
        }
    }

    private static void exchange(LoopbackClient client, int replies, int errors) throws IOException {
        int failed = client.exchange(replies);
        if (failed > errors) {
            throw new IOException("warm-up: " + failed + " of " + replies + " requests failed");
        }
    }

    private long anyCluster() {
        return anySlot() / CLUSTER_BYTES * CLUSTER_BYTES;
    }

    private long anySlot() {
        return (long) random.nextInt(SLOTS) * SLOT_BYTES;
    }
}
