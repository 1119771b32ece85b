package dev.ramzswap.attach;

import dev.ramzswap.config.CgroupLimit;
import dev.ramzswap.config.OwnMemory;
import dev.ramzswap.config.Size;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Whether the memory that a daemon and its exports may take is there: on the machine, and in its control group. */
final class NeedChecks {
    private static final String CURE =
            "a lower limit: by ramzswap set where there is a backing file for the rest, else swap"
                    + " off and begin with both";

    private final KernelFiles files;

    NeedChecks(KernelFiles files) {
        this.files = files;
    }

    /** @param exports those of one daemon whose counters can be read */
    List<Finding> of(List<ExportStatus> exports) throws IOException {
        if (exports.isEmpty()) {
            return List.of();
        }
        long need = OwnMemory.of(exports.size());
        for (ExportStatus export : exports) {
            need += export.mostMemory();
        }
        ExportStatus first = exports.getFirst();
        String subject = "memory of " + first.name();
        String text = "with its exports, the daemon may need " + Size.format(need) + ", and ";
        Optional<CgroupLimit> group =
                CgroupLimit.of(files.root(), Long.toString(first.entry().pid()));
        if (group.isPresent() && need > group.get().bytes()) {
            return List.of(Finding.problem(
                    subject,
                    text + group.get().file() + " allows "
                            + Size.format(group.get().bytes()) + ": it is stopped there",
                    "raise that, or " + CURE));
        }
        long memory = files.bytes("/proc/meminfo", "MemTotal");
        return need <= memory
                ? List.of()
                : List.of(Finding.warning(
                        subject,
                        text + "the machine has " + Size.format(memory)
                                + ": pages that find no room stay in memory, whatever other swap is free",
                        CURE));
    }
}
