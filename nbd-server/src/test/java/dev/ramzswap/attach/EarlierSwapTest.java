package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A swapon of what is swapped on already, or attached. */
class EarlierSwapTest {
    private static final int BYTES = 16 << 20;

    @TempDir
    private Path temp;

    private FakeMachine fake;
    private Daemon daemon;
    private final StringWriter out = new StringWriter();

    private Optional<String> device = Optional.empty();
    private Optional<Integer> priority = Optional.empty();
    private Optional<Integer> connections = Optional.empty();
    private Optional<Duration> requestTimeout = Optional.empty();
    private boolean isByNbdClient;
    private boolean tune;
    private boolean probesSlots = true;

    @BeforeEach
    void serve() throws Exception {
        fake = new FakeMachine(temp);
        daemon = fake.serve("name=swap0,size=16M");
    }

    @AfterEach
    void close() {
        daemon.close();
    }

    private void swapOn() throws IOException, InterruptedException {
        var request = new SwapRequest(
                "swap0",
                device,
                priority,
                connections,
                isByNbdClient,
                requestTimeout,
                Optional.empty(),
                tune,
                probesSlots,
                false);
        new SwapOn(fake.machine(), request, new PrintWriter(out)).run(Optional.empty());
    }

    private String failure() {
        return assertThrows(IOException.class, this::swapOn).getMessage();
    }

    /** As somebody has done it, by other options than the usual ones. */
    private void swappedOn() throws IOException, InterruptedException {
        priority = Optional.of(7);
        connections = Optional.of(3);
        swapOn();
        priority = Optional.empty();
        connections = Optional.empty();
        fake.ran.clear();
        out.getBuffer().setLength(0);
    }

    private void attached(long identity) {
        fake.left(0, new Backend("swap0", identity, 1, new ProcessId(1, 1)), BYTES);
    }

    @Test
    void itStaysAsItIs() throws Exception {
        swappedOn();
        swapOn();
        assertEquals(List.of(), fake.ran);
        assertTrue(out.toString().startsWith("swap0: swaps on /dev/nbd0 already, 16M, priority 7\n"), out.toString());
    }

    @Test
    void whatIsAsItWasAskedForIsNoDifference() throws Exception {
        swappedOn();
        device = Optional.of("/dev/nbd0");
        priority = Optional.of(7);
        connections = Optional.of(3);
        swapOn();
        assertEquals(List.of(), fake.ran);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "/dev/nbd1 | none | none | false | --device: swap0 swaps on /dev/nbd0 already, that one",
                "none      | 100  | none | false | --priority: swap0 swaps on /dev/nbd0 already, of priority 7",
                "none      | none | 2    | false | --connections: swap0 swaps on /dev/nbd0 already, attached by 3",
                "none      | none | none | true  | --nbd-client: swap0 swaps on /dev/nbd0 already, attached by netlink",
            })
    void whatCannotBeChangedMeanwhileIsRefused(
            String path, Integer number, Integer count, boolean byNbdClient, String why) throws Exception {
        swappedOn();
        device = Optional.ofNullable(path);
        priority = Optional.ofNullable(number);
        connections = Optional.ofNullable(count);
        isByNbdClient = byNbdClient;
        assertEquals(why + ": leave the option away, or ramzswap swapoff swap0 first", failure());
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void anotherTimeoutIsNotPassedOver() throws Exception {
        swappedOn();
        fake.file("/sys/block/nbd0/queue/io_timeout", "15000\n");
        requestTimeout = Optional.of(Duration.ofSeconds(15));
        swapOn();
        requestTimeout = Optional.of(Duration.ofSeconds(40));
        assertEquals(
                "--request-timeout: swap0 swaps on /dev/nbd0 already, with one of 15 s: leave the option away, or"
                        + " ramzswap swapoff swap0 first",
                failure());
        assertEquals(List.of(), fake.ran);
    }

    private void byUnit() {
        fake.file("/proc/self/cgroup", "0::/system.slice/system-ramzswap.slice/ramzswap-swap@swap0.service\n");
    }

    private void servedBy(String group) {
        fake.file("/proc/" + ProcessHandle.current().pid() + "/cgroup", "0::" + group + "\n");
    }

    /** As by {@code systemctl enable --now} after a swapon by hand. */
    @Test
    void aUnitDoesNotTakeWhatAnotherDaemonServesForItsOwn() throws Exception {
        swappedOn();
        byUnit();
        servedBy("/user.slice");
        assertRefusedToUnit();
        fake.swaps();
        assertRefusedToUnit();
    }

    @Test
    void norDoesItSwapOnWhatAnotherDaemonServes() {
        byUnit();
        servedBy("/user.slice");
        assertRefusedToUnit();
    }

    private void assertRefusedToUnit() {
        assertEquals(
                "swap0 is served by pid " + ProcessHandle.current().pid()
                        + ", which is none of this unit's daemons: end it (ramzswap swapoff swap0, ramzswap stop swap0), and"
                        + " then systemctl start ramzswap-swap@swap0",
                failure());
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void aDaemonThatHasJustLeftToTheOtherIsNoneByHand() throws Exception {
        swappedOn();
        byUnit();
        swapOn();
        assertEquals(List.of(), fake.ran);
    }

    /** A unit that failed for them, after a stop that was refused, would leave its device attached at a shutdown. */
    @Test
    void aUnitWithNewOptionsLeavesTheSwapAsItIs() throws Exception {
        swappedOn();
        byUnit();
        servedBy("/ramzswap.slice/ramzswap@swap0.service");
        priority = Optional.of(100);
        swapOn();
        assertTrue(
                out.toString()
                        .startsWith(
                                "swap0: --priority: swap0 swaps on /dev/nbd0 already, of priority 7: it stays so until a"
                                        + " swapoff\n"),
                out.toString());
        assertEquals(List.of("systemctl is-active ramzswap-swap@swap0"), fake.ran);
    }

    /** The machine swaps there whatever they are. */
    @Test
    void settingsAreNamedAndSetIfThatIsAskedFor() throws Exception {
        swappedOn();
        fake.file("/proc/sys/vm/watermark_boost_factor", "15000");
        swapOn();
        assertTrue(out.toString().startsWith("problem  watermark_boost_factor"), out.toString());
        tune = true;
        swapOn();
        assertEquals(0, fake.files().number("/proc/sys/vm/watermark_boost_factor"));
        assertEquals(List.of(), fake.ran);
    }

    /** Any swapoff on the machine ends that. */
    @Test
    void whatTheKernelFreesIsAskedForAgainOrNoMore() throws Exception {
        swappedOn();
        swapOn();
        assertTrue(out.toString().endsWith("as the kernel does not say what it frees: no such function\n"));
        fake.probed.add("swap0 /dev/nbd0 4096");
        probesSlots = false;
        swapOn();
        assertEquals(List.of(), fake.probed);
    }

    /** As when it was swapped on by hand: a shutdown would wait for the device. */
    @ParameterizedTest
    @CsvSource({
        "/ramzswap.slice/ramzswap@swap0.service, inactive, true",
        "/ramzswap.slice/ramzswap-standby@swap0.service, failed, true",
        "/ramzswap.slice/ramzswap@swap0.service, activating, false",
        "/user.slice, inactive, false",
    })
    void aUnitThatDoesNotKnowOfTheSwapIsNamed(String group, String state, boolean isNamed) throws Exception {
        fake.file("/proc/" + ProcessHandle.current().pid() + "/cgroup", "0::" + group);
        fake.answers.put("systemctl is-active", new ArrayDeque<>(List.of(state, state)));
        swapOn();
        assertEquals(isNamed, out.toString().contains("systemctl start ramzswap-swap@swap0"), out.toString());
        assertEquals(
                isNamed,
                new Doctor(fake.machine())
                        .examine(100).stream().anyMatch(one -> one.subject().equals("swap on swap0")));
    }

    @Test
    void aDeviceOnWhichNobodySwapsIsDetachedAndAttachedAnew() throws Exception {
        attached(daemon.identities().get("swap0"));
        swapOn();
        assertEquals("disconnect nbd0", fake.ran.getFirst());
        assertEquals("swapon -p 100 --discard=pages /dev/nbd0", fake.ran.getLast());
    }

    /** As somebody swaps it off by util-linux, whose daemon was started for it. */
    @Test
    void theDaemonEndsWithTheDeviceThatIsAttachedAnewIfItDidBefore() throws Exception {
        swappedOn();
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, "/dev/nbd0 4711 owns-daemon\n");
        fake.swaps();
        swapOn();
        assertEquals("disconnect nbd0", fake.ran.getFirst());
        assertEquals("/dev/nbd0 4711 owns-daemon\n", Files.readString(record));
    }

    @Test
    void aDeviceThatIsInUseByAnotherNameIsNotDetached() throws Exception {
        attached(daemon.identities().get("swap0"));
        fake.inUse = Optional.of(true);
        assertTrue(failure().startsWith("/dev/nbd0 is in use still, and what is there would be lost"));
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void aDeviceOfOtherPagesIsLeftAlone() throws Exception {
        attached(daemon.identities().get("swap0") + 1);
        assertTrue(failure().startsWith("swap0 is in use by /dev/nbd0 already, "));
        fake.swaps("/dev/nbd0 partition 16380 80 100");
        assertTrue(failure().startsWith("swap0 is in use by /dev/nbd0 already, "));
        assertEquals(List.of(), fake.ran);
        assertFalse(out.toString().contains("already"), out.toString());
    }
}
