package dev.ramzswap.attach;

import dev.ramzswap.frees.ProbeState;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.KernelSlots;
import java.io.IOException;
import java.util.Optional;

/** Whether what the kernel frees leaves an export on which this machine swaps, and if not, why that is. */
public final class SlotChecks {
    private final Machine machine;

    public SlotChecks(Machine machine) {
        this.machine = machine;
    }

    /** Nothing if it is not swapped on, or cannot be seen. */
    Optional<Finding> of(ExportStatus export) throws IOException {
        return slots(export).map(slots -> Finding.ok("dead slots of " + export.name(), slots.toString()));
    }

    /** Nothing if it is not swapped on, or its counters cannot be read. */
    public Optional<KernelSlots> slots(ExportStatus export) throws IOException {
        Optional<NbdDevice> device = device(export);
        Optional<SwapArea> area =
                device.isPresent() ? SwapArea.at(machine.files(), device.get().path()) : Optional.empty();
        if (area.isEmpty()) {
            return Optional.empty();
        }
        ProbeState probe = export.slotProbe();
        String whyOff = probe == ProbeState.OFF ? whyOff(export.name(), device.get()) : "";
        return Optional.of(new KernelSlots(export.storedPages(), area.get().usedPages(), probe, whyOff));
    }

    /** The device that was attached for the swap of an export whose counters can be read, if it is still attached. */
    private Optional<NbdDevice> device(ExportStatus export) throws IOException {
        Optional<SwapRecord> record =
                export.counters().isPresent() ? SwapRecord.read(machine.host(), export.name()) : Optional.empty();
        return record.isPresent() ? record.get().attached(machine.files()) : Optional.empty();
    }

    /** The device of one of which the kernel said what it frees until a swapoff ended that, if it is one. */
    Optional<NbdDevice> ended(ExportStatus export) throws IOException {
        Optional<NbdDevice> device = device(export);
        boolean isEnded = device.isPresent()
                && SwapArea.at(machine.files(), device.get().path()).isPresent()
                && export.slotProbe() == ProbeState.OFF
                && DeadSlots.whyNot(machine.host(), export.name(), device.get()).isEmpty();
        return isEnded ? device : Optional.empty();
    }

    private String whyOff(String export, NbdDevice device) throws IOException {
        return DeadSlots.whyNot(machine.host(), export, device)
                .map(reason -> "swapon said: " + reason)
                .orElse("the slot probe has ended, with a swapoff on this machine, or not begun: ramzswap swapon"
                        + " begins it");
    }
}
