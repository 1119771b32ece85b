package dev.ramzswap.attach;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Host;
import dev.ramzswap.control.ControlClient;
import dev.ramzswap.frees.SlotProbe;
import dev.ramzswap.linux.LockedFiles;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.RuntimeDir;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Has the kernel say which slots of an export's device it frees. What is dead leaves at once then; without, it stays
 * until its slot is written again, and that is no failure.
 */
final class DeadSlots {
    /** Proving one device has the kernel swap out and in: another that does so meanwhile would see that. */
    private static final String LOCK = "slot-probe.lock";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Machine machine;
    private final String export;
    private final PrintWriter out;

    DeadSlots(Machine machine, String export, PrintWriter out) {
        this.machine = machine;
        this.export = export;
        this.out = out;
    }

    /** Why the last {@code swapon} has not begun, if it has not. */
    static Optional<String> whyNot(Host host, String export, NbdDevice device) throws IOException {
        String beginning = attachment(device);
        return RuntimeDir.read(file(host, export))
                .filter(line -> line.startsWith(beginning))
                .map(line -> line.substring(beginning.length()));
    }

    private static Path file(Host host, String export) {
        return RuntimeDir.own(host).path().resolve(export + ".slot-probe");
    }

    /** What is said of one holds no longer of the next. */
    private static String attachment(NbdDevice device) throws IOException {
        return device.path() + " " + device.pid().orElse("") + ": ";
    }

    /** Says what came of it. */
    void begin(ExportStatus status, NbdDevice device) throws InterruptedException {
        try {
            forgetReason();
            say("drops pages as the kernel frees them (" + probe(status, device) + ")");
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException(); // Then all of it is taken back.
            }
            end(device, Cause.of(e));
            say("keeps dead pages until their slots are written again, as the kernel does not say what it frees: "
                    + Cause.of(e));
        }
    }

    /**
     * After a swapoff of another, which has ended it.
     *
     * @throws IOException if it cannot be had now; the next swapoff of another tries again
     */
    void beginAnew(ExportStatus status, NbdDevice device) throws IOException, InterruptedException {
        try {
            say("drops pages as the kernel frees them (" + probe(status, device) + ")");
        } catch (IOException e) {
            end();
            throw e;
        }
    }

    /** As nobody wants it. */
    void leaveOut(NbdDevice device) {
        end(device, "--no-slot-probe was given");
    }

    /** Leaves word of the reason. */
    private void end(NbdDevice device, String reason) {
        end();
        try {
            RuntimeDir.replace(file(machine.host(), export), List.of(attachment(device) + reason));
        } catch (IOException e) {
            say("ramzswap status will not know why dead pages stay: " + Cause.of(e));
        }
    }

    private String probe(ExportStatus status, NbdDevice device) throws IOException, InterruptedException {
        requireSlotPages();
        requireFirst(device);
        Path path = RuntimeDir.own(machine.host()).path().resolve(LOCK);
        try (NativeFile _ = LockedFiles.open(path, PATIENCE);
                DeviceNode node = machine.nodes().of(device)) {
            SlotProbe.Begun begun = machine.slots()
                    .begin(export, Path.of(node.path()), status.snapshot().slots());
            ControlClient.watchFreed(status.entry().control(), export, begun.name());
            return begun.how();
        }
    }

    /** A slot is one of the kernel's pages there, and pagemap is read by the page. */
    private void requireSlotPages() throws IOException {
        if (MachineChecks.isPageSizeOther(machine.files())) {
            throw new IOException("the kernel's pages are not of 4K, as slots are here");
        }
    }

    /** Pages must come here to prove it. */
    private void requireFirst(NbdDevice device) throws IOException {
        if (MachineChecks.isZswapOn(machine.files())) {
            throw new IOException("zswap keeps pages before they come here");
        }
        int own = SwapArea.at(machine.files(), device.path())
                .map(SwapArea::priority)
                .orElseThrow(() -> new IOException("the kernel does not swap on " + device.path() + " itself"));
        for (SwapArea area : SwapArea.all(machine.files())) {
            if (area.priority() > own && area.used() < area.size()) {
                throw new IOException(area.device() + " has a higher priority, and pages go there first");
            }
        }
    }

    /** What stays of it is of no harm. */
    void end() {
        try {
            machine.slots().end(export);
        } catch (IOException e) {
            say("what has seen its slots freed stays: " + Cause.of(e));
        }
        forgetReason();
    }

    private void forgetReason() {
        try {
            Files.deleteIfExists(file(machine.host(), export));
        } catch (IOException e) {
            say("why dead pages stayed is still noted: " + Cause.of(e));
        }
    }

    private void say(String text) {
        out.println(export + ": " + text);
        out.flush();
    }
}
