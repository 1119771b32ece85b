package dev.ramzswap.attach;

import java.io.IOException;
import java.util.List;

/** Whether other parts of the system, which do not know what this swap is made of, would harm the machine with it. */
final class SystemChecks {
    private static final String SLEEP_HOOK = "/usr/lib/systemd/system/systemd-hibernate.service.d/ramzswap.conf";
    private static final String INITRAMFS_HOOKS = "/usr/share/initramfs-tools/hooks/";

    private final KernelFiles files;

    SystemChecks(KernelFiles files) {
        this.files = files;
    }

    List<Finding> all() throws IOException {
        return List.of(hibernation(), resume(), oomd());
    }

    /** The image would be written, and memory freed for it, by a daemon that is frozen. */
    private Finding hibernation() throws IOException {
        boolean canHibernate =
                List.of(files.find("/sys/power/state").orElse("").split(" ")).contains("disk")
                        && !files.find("/sys/power/disk").orElse("[disabled]").contains("[disabled]");
        if (!canHibernate) {
            return Finding.ok("hibernation", "this machine has none");
        }
        return files.exists(SLEEP_HOOK)
                ? Finding.ok("hibernation", "the package takes the swap off before")
                : Finding.warning(
                        "hibernation",
                        "pages would go to a daemon that is frozen: it fails after a minute, or the machine hangs",
                        "swapoff before, or AllowHibernation=no in /etc/systemd/sleep.conf, or install the package");
    }

    /** initramfs-tools takes the largest swap device, and the boot waits for it. */
    private Finding resume() {
        boolean waits = files.exists(INITRAMFS_HOOKS + "resume") && !files.exists(INITRAMFS_HOOKS + "ramzswap");
        return waits
                ? Finding.warning(
                        "initramfs",
                        "update-initramfs may take ramzswap's device, and each boot wait for it",
                        "set RESUME= in /etc/initramfs-tools/conf.d/resume, to none or another device, or install the"
                                + " package")
                : Finding.ok("initramfs", "does not wait for ramzswap's device");
    }

    private Finding oomd() {
        return files.exists("/run/systemd/oom/io.systemd.ManagedOOM")
                ? Finding.warning(
                        "systemd-oomd",
                        "kills programs when 90 % of memory and of swap are in use, and a small device fills first",
                        "SwapUsedLimit=100% in /etc/systemd/oomd.conf, or other swap of lower priority beside it")
                : Finding.ok("systemd-oomd", "does not run");
    }
}
