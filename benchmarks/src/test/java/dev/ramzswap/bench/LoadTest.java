package dev.ramzswap.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ramzswap.bench.FakeServer.Fault;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoadTest {
    private static final int SLOTS = 512;
    private static final Duration BOUND = Duration.ofSeconds(10);

    private static Pages pages;

    @BeforeAll
    static void makePages(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("pages");
        PageSampler.write(PageSampler.synthetic(301, 50, new Random(1)), file);
        pages = Pages.read(List.of(file));
    }

    private static PhaseResult run(Load load, String phase) throws IOException, InterruptedException {
        return load.run(Phase.parse(phase, 16), Duration.ofMillis(10), Duration.ofMillis(100), BOUND);
    }

    @Test
    void everyPhaseReadsBackWhatWasWritten() throws Exception {
        try (FakeServer server = new FakeServer(SLOTS, Fault.NONE);
                Load load = new Load(server.address(), "", 1, new DeviceContent(pages, SLOTS), 1)) {
            assertEquals(SLOTS, run(load, "seqread").operations());
            assertEquals(SLOTS, run(load, "fill").operations());
            for (String phase :
                    List.of("read", "rewrite", "mix", "read@1", "trim", "seqread", "mix", "fill", "seqread")) {
                PhaseResult result = run(load, phase);
                assertTrue(result.clean() && result.operations() > 0, result.line(Phase.parse(phase, 16)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"LOSES_A_WRITE,fill", "FLIPS_A_BIT,", "KEEPS_TRIMMED_PAGES,fill trim"})
    void aPageThatIsNotWhatWasWrittenIsAMismatch(Fault fault, String phasesBefore) throws Exception {
        try (FakeServer server = new FakeServer(SLOTS, fault);
                Load load = new Load(server.address(), "", 1, new DeviceContent(pages, SLOTS), 1)) {
            for (String phase : phasesBefore == null ? new String[0] : phasesBefore.split(" ")) {
                assertEquals(0, run(load, phase).mismatches());
            }
            assertTrue(run(load, "seqread").mismatches() > 0);
        }
    }

    @Test
    void anErrorReplyIsCountedAndTheLoadGoesOn() throws Exception {
        try (FakeServer server = new FakeServer(SLOTS, Fault.FAILS_A_REQUEST);
                Load load = new Load(server.address(), "", 1, new DeviceContent(pages, SLOTS), 1)) {
            PhaseResult result = run(load, "seqread");
            assertEquals(1, result.errors());
            assertEquals(SLOTS, result.operations());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ANSWERS_TWICE", "HANGS_UP"})
    void aServerOutOfStepEndsThePhase(Fault fault) throws Exception {
        try (FakeServer server = new FakeServer(SLOTS, fault);
                Load load = new Load(server.address(), "", 1, new DeviceContent(pages, SLOTS), 1)) {
            assertThrows(IOException.class, () -> run(load, "fill"));
        }
    }

    @Test
    void aSilentServerIsGivenUp() throws Exception {
        try (FakeServer server = new FakeServer(SLOTS, Fault.SAYS_NOTHING);
                Load load = new Load(server.address(), "", 1, new DeviceContent(pages, SLOTS), 1)) {
            Phase fill = new Phase(Phase.Kind.FILL, 16);
            assertThrows(IOException.class, () -> load.run(fill, Duration.ZERO, Duration.ZERO, Duration.ofMillis(500)));
        }
    }

    @Test
    void aDeviceThatIsTooSmallIsRefused() throws Exception {
        try (FakeServer server = new FakeServer(SLOTS, Fault.NONE)) {
            DeviceContent content = new DeviceContent(pages, SLOTS + 1);
            assertThrows(IOException.class, () -> new Load(server.address(), "", 1, content, 1));
        }
    }

    @Test
    void anOperationAllocatesNothing() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (FakeServer server = new FakeServer(SLOTS, Fault.NONE);
                Worker worker = new Worker(
                        NbdConnection.open(server.address(), ""), new DeviceContent(pages, SLOTS), 0, SLOTS, 1)) {
            Phase mix = Phase.parse("mix", 16);
            worker.run(mix, 0, 200_000_000);
            long before = threads.getCurrentThreadAllocatedBytes();
            PhaseResult result = worker.run(mix, 0, 500_000_000);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(result.operations() > 1000);
            long ofThePhase = 64 * 1024;
            assertTrue(
                    allocated < ofThePhase + result.operations() / 10,
                    allocated + " bytes for " + result.operations() + " operations");
        }
    }
}
