package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Attachment;
import dev.ramzswap.daemon.Attachments;
import dev.ramzswap.daemon.Attachments.Device;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.KernelEnd;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices that lack connections to a daemon, with a kernel that is not there. */
@Timeout(30)
class ReattacherTest {
    private static final long SIZE = 16 << 20;
    private static final ProcessId SWAPON = new ProcessId(4711, 815);

    @TempDir
    private Path temp;

    private final List<Device> devices = new ArrayList<>();
    private FakeMachine fake;
    private Reattacher reattacher;
    private Daemon daemon;

    @BeforeEach
    void serve() throws Exception {
        fake = new FakeMachine(temp);
        reattacher = new Reattacher(fake.machine());
        fake.kernel = reattacher;
        daemon = fake.serve("name=a,size=16M", "name=b,size=16M");
    }

    @AfterEach
    void close() {
        fake.taken.forEach(KernelEnd::close);
        daemon.close();
    }

    private static void await(BooleanSupplier happened) {
        while (!happened.getAsBoolean()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private Backend backend(String export, int connections) {
        return new Backend(export, daemon.identities().get(export), connections, SWAPON);
    }

    /** The kernel has noticed that so many connections are dead. */
    private void lacks(int dead) {
        fake.dead.set(dead);
        reattacher.look();
    }

    private void cut(int connection) {
        KernelEnd end = fake.taken.remove(connection);
        fake.dead.incrementAndGet();
        end.close();
    }

    @Test
    void aDeviceIsOfAnExportByTheKernelsWord() {
        fake.left(0, backend("a", 1), SIZE);
        fake.file("/sys/block/nbd1/backend", "somebody else's");
        assertTrue(reattacher.isOf(0, Set.of("a", "b")));
        assertFalse(reattacher.isOf(0, Set.of("b")));
        assertFalse(reattacher.isOf(1, Set.of("a", "b")));
        assertFalse(reattacher.isOf(7, Set.of("a", "b")));
    }

    @Test
    void theKernelSaysWhoHasAttachedADevice() {
        fake.file("/sys/block/nbd1/pid", "4711");
        assertEquals(OptionalInt.of(4711), reattacher.attacher(1));
        assertEquals(OptionalInt.empty(), reattacher.attacher(7));
    }

    @Test
    void connectionsAreThoseThatDevicesOfTheExportsShouldHave() throws IOException {
        assertEquals(0, reattacher.connections(Set.of("a", "b")));
        fake.left(0, backend("a", 4), SIZE);
        fake.left(1, backend("b", 16), SIZE);
        fake.file("/sys/block/nbd2/backend", "somebody else's");
        assertEquals(4, reattacher.connections(Set.of("a")));
        assertEquals(20, reattacher.connections(Set.of("a", "b")));
    }

    @Test
    void everyConnectionOfEveryDeviceIsReplacedAndThenWhatIsCut() {
        fake.left(0, backend("b", 1), SIZE);
        fake.left(1, backend("a", 3), SIZE);
        lacks(4);
        await(() -> fake.taken.size() == 4);
        cut(3);
        await(() -> fake.taken.size() == 4);
        cut(0);
        await(() -> fake.taken.size() == 4);
        assertEquals(0, fake.dead.get());
    }

    @Test
    void offersUntilTheKernelNotices() {
        fake.noticesAfter = 3;
        fake.left(0, backend("a", 1), SIZE);
        lacks(1);
        await(() -> fake.taken.size() == 1);
        assertEquals(4, fake.offers());
    }

    @Test
    void whatFailsIsTriedAgainAtLongerAndLongerIntervals() throws Exception {
        fake.failures.put("reconnect", "Operation not permitted, EPERM (1)");
        fake.left(0, backend("a", 2), SIZE);
        lacks(2);
        Thread.sleep(1000);
        assertTrue(fake.offers() <= 8, () -> fake.offers() + " offers in a second");
        fake.failures.clear();
        await(() -> fake.taken.size() == 2);
    }

    /** What is sent by it then stands in the midst of the kernel's requests. */
    @Test
    void aConnectionThatTheKernelMayHaveTakenSaysNothing() {
        fake.losesAnswer = true;
        fake.left(0, backend("a", 1), SIZE);
        lacks(1);
        await(() -> !fake.taken.isEmpty());
        fake.left(1, backend("b", 1), SIZE);
        lacks(1);
        await(() -> fake.taken.size() == 2);
        fake.taken.removeFirst().detach();
    }

    /** As that no memory is left for its handshake: nobody would be told of it any more. */
    @Test
    void anOfferThatAnErrorEndsIsOver() throws Exception {
        Attachment attachment = served().getFirst();
        devices.add(new Device(SWAPON, 1));
        int missing = attachment.missing();
        Path socket =
                (Path) Proxy.newProxyInstance(Path.class.getClassLoader(), new Class<?>[] {Path.class}, (_, _, _) -> {
                    throw new OutOfMemoryError("no room");
                });
        assertThrows(OutOfMemoryError.class, () -> Offer.of(attachment, socket));
        assertEquals(missing, attachment.missing());
    }

    /** What a daemon serves now, of which the kernel says what {@link #devices} has. */
    private List<Attachment> served() throws Exception {
        List<Attachment> served = new ArrayList<>();
        daemon.close();
        fake.kernel = new Attachments() {
            @Override
            public List<Device> devices(String export, long identity) {
                return List.copyOf(devices);
            }

            @Override
            public void serving(List<Attachment> exports, Path socket) {
                served.addAll(exports);
            }
        };
        daemon = fake.serve("name=a,size=16M");
        return served;
    }

    /** Who serves may refuse a daemon that stands by, or be gone: it goes into a takeover warm all the same. */
    @Test
    void theDriverIsRehearsedWhoeverServes() throws Exception {
        Attachment attachment = served().getFirst();
        int before = fake.rehearsals.get();
        reattacher.prepare(attachment, temp.resolve("nobody"));
        assertEquals(before + 1, fake.rehearsals.get());
    }

    /** A swapon may come a moment after. */
    @Test
    void theDriverIsRehearsedBeforeADaemonIsReady() throws Exception {
        daemon.close();
        reattacher = new Reattacher(fake.machine());
        fake.kernel = reattacher;
        fake.beforeRehearsal = () -> LockSupport.parkNanos(200_000_000);
        int before = fake.rehearsals.get();
        daemon = fake.serve("name=a,size=16M");
        assertEquals(before + 1, fake.rehearsals.get());
    }

    /** What hears of its end for the first time loads classes, which it must not do while memory is short. */
    @Test
    void theEndOfTheRehearsalIsHeardBeforeADaemonIsReady() throws Exception {
        var late = new LateHearing(_ -> {});
        serveAnew(late);
        assertTrue(late.hasHeard);
    }

    /** Until that is heard, it would count as one that the device does not lack. */
    @Test
    void anOfferThatFailedHidesNoConnectionThatIsMissing() throws Exception {
        fake.failures.put("reconnect", "generic netlink: No buffer space available, ENOBUFS (105)");
        serveAnew(new LateHearing(export -> {
            fake.left(0, new Backend("a", export.identity(), 1, SWAPON), SIZE);
            fake.dead.set(1);
            CompletableFuture.delayedExecutor(800, TimeUnit.MILLISECONDS).execute(fake.failures::clear);
        }));
        assertEquals(1, fake.taken.size());
    }

    private void serveAnew(Attachments kernel) throws Exception {
        daemon.close();
        fake.kernel = kernel;
        daemon = fake.serve("name=a,size=16M");
    }

    /** The server hears late of a connection's end. */
    private final class LateHearing implements Attachments {
        private final Reattacher heard = new Reattacher(fake.machine());
        private final Consumer<Attachment> beforeServing;
        private volatile boolean hasHeard;

        private LateHearing(Consumer<Attachment> beforeServing) {
            this.beforeServing = beforeServing;
        }

        @Override
        public List<Device> devices(String export, long identity) throws IOException {
            if (!Thread.currentThread().getName().equals("reattacher")) {
                LockSupport.parkNanos(100_000_000);
                hasHeard = true;
            }
            return heard.devices(export, identity);
        }

        @Override
        public void look() {
            heard.look();
        }

        @Override
        public void serving(List<Attachment> exports, Path socket) throws InterruptedException {
            beforeServing.accept(exports.getFirst());
            heard.serving(exports, socket);
        }

        @Override
        public void close() {
            heard.close();
        }
    }

    /** As a class that cannot be loaded: at the start, in the rehearsal, and later. */
    @Test
    void anErrorIsTriedAgainToo() throws Exception {
        daemon.close();
        fake.broken = new NoClassDefFoundError("x");
        daemon = fake.serve("name=a,size=16M");
        fake.left(0, backend("a", 1), SIZE);
        lacks(1);
        await(() -> fake.offers() > 1);
        fake.broken = null;
        await(() -> fake.taken.size() == 1);
    }

    @Test
    void aKernelThatTakesAndDropsThemIsNotGivenOneAfterTheOther() throws Exception {
        fake.left(0, backend("a", 1), SIZE);
        lacks(1000);
        long deadline = System.nanoTime() + 1_000_000_000;
        while (System.nanoTime() < deadline) {
            if (!fake.taken.isEmpty()) {
                fake.taken.removeFirst().close();
            }
            Thread.sleep(1);
        }
        assertTrue(fake.offers() <= 8, () -> fake.offers() + " offers in a second");
    }

    @Test
    void endsWithTheDevice() throws Exception {
        fake.failures.put("reconnect", "Invalid argument, EINVAL (22)");
        fake.left(0, backend("a", 1), SIZE);
        lacks(1);
        await(() -> fake.offers() > 1);
        fake.remove("/sys/block/nbd0/backend");
        fake.failures.clear();
        Thread.sleep(100);
        fake.left(1, backend("b", 1), SIZE);
        lacks(1);
        await(() -> fake.taken.size() == 1);
        assertEquals("reconnect nbd1 " + backend("b", 1), fake.ran.getLast());
        assertEquals(0, fake.dead.get());
    }

    @Test
    void oneThatIsDetachedIsOfferedNothing() {
        fake.left(0, backend("a", 2), SIZE);
        lacks(2);
        await(() -> fake.taken.size() == 2);
        fake.dead.set(2);
        fake.taken.removeFirst().detach();
        fake.taken.removeFirst().detach();
        // The kernel still names it, as somebody has it open; and what comes then is served.
        fake.left(1, backend("b", 1), SIZE);
        reattacher.look();
        await(() -> fake.taken.size() == 1);
        assertEquals(3, fake.offers());
    }

    @Test
    void leavesDevicesAloneThatBelongToOthers() {
        fake.device(2);
        fake.device(3);
        long identity = daemon.identities().get("a");
        fake.left(0, new Backend("a", identity + 1, 1, SWAPON), SIZE);
        fake.left(1, new Backend("c", identity, 1, SWAPON), SIZE);
        fake.file("/sys/block/nbd2/backend", "");
        fake.left(3, backend("b", 1), SIZE);
        lacks(9);
        await(() -> fake.taken.size() == 1);
        assertEquals(List.of("reconnect nbd3 " + backend("b", 1)), fake.ran);
    }

    @Test
    void oneDeviceThatCannotBeHelpedDoesNotKeepTheNextFromIt() {
        fake.left(0, backend("a", 1), 2 * SIZE);
        fake.left(1, backend("b", 1), SIZE);
        lacks(1);
        await(() -> fake.taken.size() == 1);
        fake.file("/sys/block/nbd0/size", "");
        fake.file("/sys/block/nbd0/size", Long.toString(SIZE / 512));
        lacks(1);
        await(() -> fake.taken.size() == 2);
    }
}
