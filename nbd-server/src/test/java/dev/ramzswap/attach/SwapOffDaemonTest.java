package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which daemon a swapoff ends, and which it leaves. */
class SwapOffDaemonTest extends SwapOffCase {
    /** Detached meanwhile, and attached by another program; whether that swaps there or not. */
    @ParameterizedTest
    @ValueSource(strings = {"", "/dev/nbd0 partition 1048576 400 100"})
    void whatSomebodyAttachedSinceIsNotTakenOff(String swaps) throws Exception {
        fake.failures.put("swapoff /dev/nbd0", "swapoff: /dev/nbd0: swapoff failed: Invalid argument");
        fake.onFailure = () -> {
            fake.file("/sys/block/nbd0/pid", "999");
            fake.swaps(swaps);
            fake.failures.clear();
        };
        swapOff(false, false);
        assertEquals(BOTH.subList(0, 1), fake.ran);
        assertFalse(hasRecord("swap0"));
    }

    @Test
    void aDaemonThatCannotBeEndedCanBeToldAgain() throws Exception {
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, Files.readString(record).strip() + " owns-daemon\n");
        Files.delete(temp.resolve("run/" + ProcessHandle.current().pid() + ".control"));
        for (int i = 0; i < 2; i++) {
            failure();
            assertTrue(hasRecord("swap0"));
        }
        assertEquals(BOTH, fake.ran);
    }

    /** Systemd has it, and nobody else between its death and the next one's. */
    @Test
    @Timeout(60)
    void aDaemonThatIsToBeginAnewForNobodyIsEnded() throws Exception {
        dies();
        fake.answers.put(
                "systemctl show",
                new ArrayDeque<>(List.of("activating", "activating", "activating", "activating", "inactive")));
        swapOff(false, false);
        String shown = "systemctl show --property=ActiveState --value ramzswap-serve-swap0.service";
        String told = "systemctl kill --signal=TERM ramzswap-serve-swap0.service";
        assertEquals(
                List.of(shown, shown, told, shown, shown, told, shown), fake.ran.subList(BOTH.size(), fake.ran.size()));
        assertFalse(hasRecord("swap0"));
    }

    /** It fails, and begins anew each second: nothing else ends it. */
    @Test
    @Timeout(60)
    void aDaemonThatAKilledSwaponHasLeftIsEnded() throws Exception {
        Files.delete(temp.resolve("run/swap0.swap"));
        fake.disconnect(0);
        fake.ran.clear();
        daemon.close();
        fake.answers.put(
                "systemctl show",
                new ArrayDeque<>(List.of("activating", "activating", "activating", "activating", "inactive")));
        swapOff(false, false);
        assertTrue(fake.ran.contains("systemctl kill --signal=TERM ramzswap-serve-swap0.service"), fake.ran::toString);
    }

    /** At a shutdown, this may be what systemd stops it by. */
    @ParameterizedTest
    @ValueSource(strings = {"inactive", "failed", "deactivating", "System has not been booted with systemd"})
    void aServiceThatEndsIsLeftToItself(String state) throws Exception {
        dies();
        fake.answers.put("systemctl show", new ArrayDeque<>(List.of(state)));
        swapOff(false, false);
        assertFalse(fake.ran.toString().contains("kill"), fake.ran::toString);
        assertFalse(hasRecord("swap0"));
    }

    @Test
    void aDaemonThatIsToBeginAnewForAnotherDeviceIsNotEnded() throws Exception {
        diesBesideAnother();
        fake.answers.put("systemctl show", new ArrayDeque<>(List.of("activating", "activating")));
        assertEquals(
                "ramzswap-serve-swap0.service begins anew, and may be what /dev/nbd1 waits for: repeat this when"
                        + " ramzswap status shows other, or if another daemon serves that, end it by systemctl kill"
                        + " ramzswap-serve-swap0.service",
                failure());
        assertFalse(fake.ran.toString().contains("kill"), fake.ran::toString);
        assertTrue(hasRecord("swap0"));
    }

    /** It dies for what it is told, and what begins in its place has the other device's pages. */
    @Test
    @Timeout(60)
    void aDaemonThatBeginsAnewMeanwhileForAnotherDeviceIsNotEnded() throws Exception {
        diesBesideAnother();
        fake.answers.put(
                "systemctl show",
                new ArrayDeque<>(List.of("active", "active", "activating", "activating", "inactive")));
        String failure = failure();
        assertTrue(failure.startsWith("ramzswap-serve-swap0.service begins anew"), failure);
        assertEquals(
                1, fake.ran.stream().filter(words -> words.contains("kill")).count());
        assertTrue(hasRecord("swap0"));
    }

    /** One that serves does not end for what it is told while somebody is attached. */
    @Test
    void aDaemonThatServesUnseenIsToldToEndWhateverElseIsAttached() throws Exception {
        diesBesideAnother();
        fake.answers.put("systemctl show", new ArrayDeque<>(List.of("active", "active", "inactive")));
        swapOff(false, false);
        assertTrue(fake.ran.contains("systemctl kill --signal=TERM ramzswap-serve-swap0.service"), fake.ran::toString);
        assertFalse(hasRecord("swap0"));
    }

    private void diesBesideAnother() throws Exception {
        fake.file("/sys/block/nbd1/size", "0");
        swapOn("other");
        dies();
    }

    private void dies() throws IOException {
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, Files.readString(record).strip() + " owns-daemon\n");
        daemon.close();
    }

    @Test
    void aDaemonOfTwoGoesOnForTheOther() throws Exception {
        fake.file("/sys/block/nbd1/size", "0");
        swapOn("other");
        Path record = temp.resolve("run/swap0.swap");
        Files.writeString(record, Files.readString(record).strip() + " owns-daemon\n");
        swapOff(false, false);
        assertTrue(out.toString().contains("swap0: the daemon goes on for other\n"), out.toString());
        assertTrue(Files.readString(temp.resolve("run/other.swap")).endsWith(" owns-daemon\n"));
    }
}
