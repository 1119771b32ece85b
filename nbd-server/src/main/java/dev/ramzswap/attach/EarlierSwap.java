package dev.ramzswap.attach;

import dev.ramzswap.config.Size;
import dev.ramzswap.frees.ProbeState;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;

/**
 * What an earlier {@code swapon} has made of the same pages. To ask for it again is no error, or the start of a unit
 * would be one after a stop that was refused; to ask for another thing is.
 */
final class EarlierSwap {
    /** To take over lasts less. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int LOOK_MILLIS = 20;

    /**
     * Where it is.
     *
     * @param export as it is served now
     */
    record Place(ExportStatus export, NbdDevice device, SwapArea area) {}

    private final Machine machine;
    private final SwapRequest request;
    private final PrintWriter out;
    private final UnitCheck unit;

    EarlierSwap(Machine machine, SwapRequest request, PrintWriter out) {
        this.machine = machine;
        this.request = request;
        this.out = out;
        this.unit = new UnitCheck(machine);
    }

    /**
     * Empty also if the device cannot be known: by nbd-client nobody has left word with the kernel whose it is, and a
     * daemon that does not serve cannot be asked. One that is not in use, as a swapon leaves it that was killed, is
     * detached.
     *
     * @throws IOException also if it swaps otherwise than was asked for
     */
    Optional<Place> find() throws IOException, InterruptedException {
        Optional<NbdDevice> device = named();
        Optional<ExportStatus> export = device.isPresent() ? awaitServing() : Optional.empty();
        Optional<Backend> backend = export.isPresent() ? backend(device.get(), export.get()) : Optional.empty();
        if (backend.isEmpty()) {
            return Optional.empty();
        }
        unit.requireOneOfUnitsIfItsStart(export.get());
        Optional<SwapArea> area = SwapArea.at(machine.files(), device.get().path());
        if (area.isEmpty()) {
            machine.detach(device.get());
            new SoleUse(machine, request.export()).requireNoDevice();
            say("detached " + device.get().path() + ", on which nobody swapped");
            return Optional.empty();
        }
        requireAsAsked(device.get(), backend.get(), area.get());
        return Optional.of(new Place(export.get(), device.get(), area.get()));
    }

    private Optional<NbdDevice> named() throws IOException {
        return NbdDevice.first(machine.files(), backend -> backend.export().equals(request.export()));
    }

    /** One daemon may just leave to another. */
    private Optional<ExportStatus> awaitServing() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<ExportStatus> export = ExportStatus.find(machine.host(), request.export());
        while (export.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.sleep(LOOK_MILLIS);
            export = ExportStatus.find(machine.host(), request.export());
        }
        return export;
    }

    /** Of these very pages. */
    private static Optional<Backend> backend(NbdDevice device, ExportStatus export) throws IOException {
        long identity = export.snapshot().identity();
        return device.backend().filter(backend -> backend.isOf(export.name(), identity));
    }

    /** A unit that failed for that, with its swap on, would not detach the device at a shutdown. */
    private void requireAsAsked(NbdDevice device, Backend backend, SwapArea area) throws IOException {
        Optional<String> difference = difference(device, backend, area);
        if (difference.isPresent() && !unit.isStartOf(request.export())) {
            throw new IOException(
                    difference.get() + ": leave the option away, or ramzswap swapoff " + request.export() + " first");
        }
        difference.ifPresent(text -> say(text + ": it stays so until a swapoff"));
    }

    /** The first. */
    private Optional<String> difference(NbdDevice device, Backend backend, SwapArea area) throws IOException {
        if (request.isByNbdClient()) {
            return Optional.of(already("--nbd-client", device, "attached by netlink"));
        }
        if (differs(request.device(), device.path())) {
            return Optional.of(already("--device", device, "that one"));
        }
        if (differs(request.priority(), area.priority())) {
            return Optional.of(already("--priority", device, "of priority " + area.priority()));
        }
        if (differs(request.connections(), backend.connections())) {
            return Optional.of(already("--connections", device, "attached by " + backend.connections()));
        }
        return otherTimeout(device)
                .map(millis -> already("--request-timeout", device, "with one of " + millis / 1000 + " s"));
    }

    /** Both could be changed, but by the daemon alone: see docs/decisions/netlink-owner.md. */
    private Optional<Long> otherTimeout(NbdDevice device) throws IOException {
        Optional<Long> asked = request.requestTimeout().map(Duration::toMillis);
        return machine.files()
                .find("/sys/block/" + device.name() + "/queue/io_timeout")
                .map(text -> Long.parseLong(text.strip()))
                .filter(millis -> differs(asked, millis));
    }

    private static <T> boolean differs(Optional<T> asked, T found) {
        return asked.isPresent() && !asked.get().equals(found);
    }

    private String already(String option, NbdDevice device, String found) {
        return option + ": " + request.export() + " swaps on " + device.path() + " already, " + found;
    }

    /** Makes it what can be changed while it is in use. */
    void adapt(Place place) throws IOException, InterruptedException {
        say("swaps on " + place.device.path() + " already, " + Size.format(place.device.bytes()) + ", priority "
                + place.area.priority());
        var slots = new DeadSlots(machine, request.export(), out);
        if (!request.probesSlots()) {
            slots.leaveOut(place.device);
        } else if (place.export.slotProbe() == ProbeState.OFF) {
            slots.begin(place.export, place.device);
        }
    }

    private void say(String text) {
        out.println(request.export() + ": " + text);
        out.flush();
    }
}
