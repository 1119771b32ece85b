package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices that a dead daemon left, and a new one that serves the same stores, or others. */
class ReattachTest {
    private static final long SIZE = 16 << 20;

    @TempDir
    private Path temp;

    private FakeMachine fake;
    private Daemon daemon;
    private Map<String, Long> identities;

    @BeforeEach
    void serve() throws Exception {
        fake = new FakeMachine(temp);
        daemon = fake.serve("name=a,size=16M", "name=b,size=16M");
        identities = daemon.identities();
    }

    @AfterEach
    void close() {
        daemon.close();
    }

    private void left(int device, Backend backend, long size) {
        fake.file("/sys/block/nbd" + device + "/pid", "4711");
        fake.file("/sys/block/nbd" + device + "/backend", backend.toString());
        fake.file("/sys/block/nbd" + device + "/size", Long.toString(size / 512));
    }

    private Reattach reattach(Duration patience) {
        return new Reattach(fake.machine(), identities, temp.resolve("run/a.sock"), patience);
    }

    @Test
    void everyConnectionOfEveryDeviceIsReplaced() throws Exception {
        Backend a = new Backend("a", identities.get("a"), 3);
        Backend b = new Backend("b", identities.get("b"), 1);
        left(0, b, SIZE);
        left(1, a, SIZE);
        fake.dead.set(4);
        reattach(Duration.ofSeconds(10)).all();
        String again = "reconnect nbd1 " + a;
        fake.ran.sort(null);
        assertEquals(List.of("reconnect nbd0 " + b, again, again, again), fake.ran);
        assertEquals(0, fake.dead.get());
    }

    @Test
    void waitsUntilTheKernelKnowsThatAConnectionIsDead() throws Exception {
        left(0, new Backend("a", identities.get("a"), 1), SIZE);
        fake.noticesAfter = 3;
        fake.dead.set(1);
        reattach(Duration.ofSeconds(10)).all();
        assertEquals(4, fake.ran.size());
    }

    @Test
    void givesUpWhenNoConnectionIsDead() throws Exception {
        left(0, new Backend("a", identities.get("a"), 2), SIZE);
        fake.dead.set(1);
        reattach(Duration.ofMillis(50)).all();
        assertTrue(fake.ran.size() > 2, () -> fake.ran.toString());
    }

    @Test
    void oneConnectionIsReplacedWhenOneIsLost() throws Exception {
        Backend a = new Backend("a", identities.get("a"), 3);
        left(0, a, SIZE);
        left(1, new Backend("b", identities.get("b"), 3), SIZE);
        fake.dead.set(3);
        reattach(Duration.ofSeconds(10)).one("a");
        assertEquals(List.of("reconnect nbd0 " + a), fake.ran);
    }

    @Test
    void leavesDevicesAloneThatBelongToOthers() throws Exception {
        fake.device(2);
        left(0, new Backend("a", identities.get("a") + 1, 1), SIZE);
        left(1, new Backend("c", identities.get("a"), 1), SIZE);
        fake.file("/sys/block/nbd2/pid", "1");
        fake.file("/sys/block/nbd2/backend", "");
        fake.dead.set(9);
        reattach(Duration.ofSeconds(10)).all();
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void aDeviceOfAnotherSizeIsNotReattached() throws Exception {
        left(0, new Backend("a", identities.get("a"), 1), 2 * SIZE);
        fake.dead.set(1);
        reattach(Duration.ofSeconds(10)).all();
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void oneThatFailsDoesNotKeepTheNextFromIt() throws Exception {
        left(0, new Backend("a", identities.get("a"), 1), 2 * SIZE);
        left(1, new Backend("b", identities.get("b"), 1), SIZE);
        fake.dead.set(1);
        reattach(Duration.ofSeconds(10)).all();
        assertEquals(0, fake.dead.get());
    }

    @Test
    void whatTheKernelRefusesIsNotTriedAgain() throws IOException, InterruptedException {
        left(0, new Backend("a", identities.get("a"), 2), SIZE);
        fake.failures.put("reconnect", "Invalid argument");
        reattach(Duration.ofSeconds(10)).all();
        assertEquals(1, fake.ran.size());
    }
}
