package dev.ramzswap.attach;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Whether other parts of the system, which do not know what this swap is made of, would harm the machine with it. */
final class SystemChecks {
    private static final String SLEEP_HOOK = "/usr/lib/systemd/system/systemd-hibernate.service.d/ramzswap.conf";
    private static final String INITRAMFS_HOOKS = "/usr/share/initramfs-tools/hooks/";

    private static final String INITRAMFS = "/etc/initramfs-tools/";
    private static final String SYSTEMD = "/etc/systemd/";
    /** parse_boolean of systemd's, which looks at no case. */
    private static final Set<String> NO = Set.of("no", "n", "false", "f", "off", "0");

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
        String allowed = setting("AllowHibernation", SYSTEMD + "sleep.conf", SYSTEMD + "sleep.conf.d");
        if (NO.contains(allowed.toLowerCase(Locale.ROOT))) {
            return Finding.ok("hibernation", "is not allowed");
        }
        return files.exists(SLEEP_HOOK)
                ? Finding.ok("hibernation", "the package takes the swap off before")
                : Finding.warning(
                        "hibernation",
                        "pages would go to a daemon that is frozen: it fails after a minute, or the machine hangs",
                        "swapoff before, or AllowHibernation=no in /etc/systemd/sleep.conf, or install the package");
    }

    /** initramfs-tools takes the largest swap device, and the boot waits for it. */
    private Finding resume() throws IOException {
        String chosen = setting("RESUME", INITRAMFS + "initramfs.conf", INITRAMFS + "conf.d");
        boolean waits = files.exists(INITRAMFS_HOOKS + "resume")
                && !files.exists(INITRAMFS_HOOKS + "ramzswap")
                && (chosen.isEmpty() || chosen.equals("auto"));
        return waits
                ? Finding.warning(
                        "initramfs",
                        "update-initramfs may take ramzswap's device, and each boot wait for it",
                        "set RESUME= in /etc/initramfs-tools/conf.d/resume, to none or another device, or install the"
                                + " package")
                : Finding.ok("initramfs", "does not wait for ramzswap's device");
    }

    /** Its socket has another name before systemd 255. */
    private Finding oomd() throws IOException {
        boolean runs = files.names("/run/systemd/oom").stream().anyMatch(name -> name.endsWith(".ManagedOOM"));
        if (runs
                && setting("SwapUsedLimit", SYSTEMD + "oomd.conf", SYSTEMD + "oomd.conf.d")
                        .equals("100%")) {
            return Finding.ok("systemd-oomd", "does not look at swap");
        }
        return runs
                ? Finding.warning(
                        "systemd-oomd",
                        "kills programs when 90 % of memory and of swap are in use, and a small device fills first",
                        "SwapUsedLimit=100% in /etc/systemd/oomd.conf, or other swap of lower priority beside it")
                : Finding.ok("systemd-oomd", "does not run");
    }

    /** What the last of these files that has the key says; empty if none has. */
    private String setting(String key, String main, String directory) throws IOException {
        var paths = new ArrayList<>(List.of(main));
        files.names(directory).forEach(name -> paths.add(directory + "/" + name));
        String value = "";
        for (String path : paths) {
            for (String line : files.find(path).orElse("").lines().toList()) {
                String[] parts = line.strip().split("\\s*=\\s*", 2);
                value = parts[0].equals(key) && parts.length == 2 ? parts[1].replaceAll("[\"']", "") : value;
            }
        }
        return value;
    }
}
