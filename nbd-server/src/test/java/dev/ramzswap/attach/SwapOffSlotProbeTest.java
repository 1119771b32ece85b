package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Any swapoff ends what the kernel says of the slots of others. */
class SwapOffSlotProbeTest extends SwapOffCase {
    /** As if the kernel had said what it frees of it, until a swapoff. */
    private Path probedBesides() throws Exception {
        fake.file("/sys/block/nbd1/size", "0");
        swapOn("other");
        fake.swaps("/dev/nbd1 partition 16380 80 100");
        fake.asked = 0;
        return temp.resolve("run/other.slot-probe");
    }

    @Test
    void whatTheKernelFreesOfOthersIsAskedForAgain() throws Exception {
        Files.delete(probedBesides());
        swapOff(false, false);
        assertEquals(1, fake.asked);
        assertTrue(
                out.toString()
                        .endsWith(
                                "swap0: the dead pages of other stay until the next ramzswap swapon or swapoff: no such"
                                        + " function\n"),
                out::toString);
        assertFalse(Files.exists(temp.resolve("run/other.slot-probe")), "the next one tries again");
    }

    @Test
    void butNotIfItCouldNotBeHad() throws Exception {
        probedBesides();
        swapOff(false, false);
        assertEquals(0, fake.asked);
    }

    @Test
    void norWhileAnotherIsAtThat() throws Exception {
        Files.delete(probedBesides());
        try (NativeFile _ = new SwapLock(fake.machine(), "other").take(Duration.ZERO)) {
            swapOff(false, false);
        }
        assertEquals(0, fake.asked);
        assertTrue(out.toString().contains("the dead pages of other stay until the next ramzswap swapon or swapoff: "));
        assertFalse(hasRecord("swap0"));
    }
}
