package dev.ramzswap.attach;

import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.util.Optional;

/** Whether what the kernel frees leaves an export on which this machine swaps, and if not, why that may be. */
final class SlotChecks {
    private static final String LOCKDOWN = "/sys/kernel/security/lockdown";

    private final Machine machine;

    SlotChecks(Machine machine) {
        this.machine = machine;
    }

    /** Nothing if it is not swapped on, or cannot be seen. */
    Optional<Finding> of(ExportStatus export) throws IOException {
        Optional<SwapRecord> record = SwapRecord.read(machine.host(), export.name());
        Optional<SwapArea> area =
                record.isPresent() && record.get().attached(machine.files()).isPresent()
                        ? SwapArea.at(machine.files(), record.get().device())
                        : Optional.empty();
        if (area.isEmpty() || export.counters().isEmpty()) {
            return Optional.empty();
        }
        String pages = "of " + export.storedPages() + " stored pages, the kernel has "
                + area.get().usedPages();
        String subject = "dead slots of " + export.name();
        return switch (export.slotProbe()) {
            case ON -> Optional.of(Finding.ok(subject, pages + "; others are dropped as it frees them"));
            case OFF -> Optional.of(Finding.ok(subject, pages + "; others stay, " + why()));
            case UNKNOWN -> Optional.empty();
        };
    }

    private String why() throws IOException {
        KernelFiles files = machine.files();
        if (MachineChecks.isZswapOn(files)) {
            return "as zswap keeps pages before they come here";
        }
        if (files.find(LOCKDOWN).orElse("").contains("[confidentiality]")) {
            return "as the kernel is locked down for confidentiality";
        }
        if (!files.exists("/sys/fs/bpf")) {
            return "as the kernel has no BPF";
        }
        return "until the next ramzswap swapon: that says why it cannot be had, and any swapoff on the machine ends it";
    }
}
