package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a swapoff makes of the record that swapon left, and without one. */
class SwapOffRecordTest extends SwapOffCase {
    @Test
    void detachesWhatWasSwappedOffByHand() throws Exception {
        fake.swaps();
        swapOff(false, false);
        assertEquals(BOTH.subList(1, 2), fake.ran);
    }

    @Test
    void theKernelKnowsWhatIsAttachedThoughTheRecordIsLost() throws Exception {
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        Files.delete(temp.resolve("run/swap0.swap"));
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }

    @Test
    void leavesADeviceAloneThatIsSomebodyElsesByNow() throws Exception {
        fake.file("/sys/block/nbd0/pid", "999");
        fake.file("/sys/block/nbd0/backend", "rbd");
        swapOff(false, false);
        assertEquals(List.of(), fake.ran);
        assertFalse(hasRecord("swap0"));
    }

    /** A full /run had left it. */
    @Test
    void aRecordThatIsNoneIsTakenAway() throws Exception {
        Files.writeString(temp.resolve("run/third.swap"), "");
        new SwapOff(fake.machine(), "third", new PrintWriter(out), false).run(false);
        assertFalse(hasRecord("third"));
    }

    /** Where the runtime directory is one that holds more. */
    @ParameterizedTest
    @ValueSource(strings = {"a list of things to buy", "/dev/nbd0 4711 owns-daemon and more", "\0"})
    void aFileThatIsNoRecordIsLeftAlone(String text) throws Exception {
        Path notes = Files.writeString(temp.resolve("run/third.swap"), text);
        var swapOff = new SwapOff(fake.machine(), "third", new PrintWriter(out), false);
        String message =
                assertThrows(IOException.class, () -> swapOff.run(false)).getMessage();
        assertTrue(message.startsWith("ramzswap swapon has not attached 'third': "), message);
        assertEquals(text, Files.readString(notes));
    }

    /** Larger than an array may be. */
    @Test
    void noMoreOfAFileIsReadThanARecordCanHave() throws Exception {
        try (var file = new RandomAccessFile(temp.resolve("run/third.swap").toFile(), "rw")) {
            file.setLength(3L << 30);
        }
        assertEquals(Optional.empty(), SwapRecord.read(fake.machine().host(), "third"));
        assertTrue(hasRecord("third"));
    }

    @Test
    void aRecordOfWhatIsNoMoreHidesNothing() throws Exception {
        Files.writeString(temp.resolve("run/swap0.swap"), "/dev/nbd1 4242\n");
        fake.swaps("/dev/nbd0 partition 1048576 400 100");
        swapOff(false, false);
        assertEquals(BOTH, fake.ran);
    }
}
