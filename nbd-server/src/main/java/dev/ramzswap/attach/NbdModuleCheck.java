package dev.ramzswap.attach;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Whether the kernel's NBD client is there, or can be loaded, and has a device to spare. Changes nothing. */
final class NbdModuleCheck {
    private static final String SUBJECT = "nbd module";
    private static final String MODULES = "/lib/modules";
    private static final String NONE_ANY_MORE = "/proc/sys/kernel/modules_disabled";

    private final KernelFiles files;

    NbdModuleCheck(KernelFiles files) {
        this.files = files;
    }

    Finding finding() throws IOException {
        List<NbdDevice> devices = NbdDevice.all(files);
        for (NbdDevice device : devices) {
            if (!device.isAttached()) {
                return Finding.ok(SUBJECT, "loaded, first free device " + device.path());
            }
        }
        return devices.isEmpty() ? loading() : Finding.problem(SUBJECT, "all devices are attached", "detach one");
    }

    private Finding loading() throws IOException {
        String release = files.read("/proc/sys/kernel/osrelease");
        Optional<String> noneAnyMore = files.find(NONE_ANY_MORE);
        if (noneAnyMore.isEmpty()) {
            return thisKernelHasNone(release); // It loads no modules at all, whoever has put some there.
        }
        if (noneAnyMore.get().equals("1")) {
            return Finding.problem(
                    SUBJECT,
                    "not loaded, and this kernel loads none any more (kernel.modules_disabled)",
                    "echo nbd >/etc/modules-load.d/nbd.conf, and reboot");
        }
        if (isThere(release)) {
            return Finding.ok(SUBJECT, "not loaded; ramzswap swapon loads it");
        }
        return isUpgraded(release)
                ? Finding.problem(
                        SUBJECT,
                        "not loaded, and " + MODULES + " has modules of other kernels than " + release,
                        "reboot, into one of those")
                : thisKernelHasNone(release);
    }

    /** As when the running kernel's package was replaced by the next one's. */
    private boolean isUpgraded(String release) throws IOException {
        return !hasModules(release) && files.names(MODULES).stream().anyMatch(this::hasModules);
    }

    private Finding thisKernelHasNone(String release) throws IOException {
        String cure = files.find("/etc/os-release").orElse("").lines().anyMatch("ID=ubuntu"::equals)
                ? "apt-get install linux-modules-extra-" + release
                : "boot a distribution's full kernel (Debian: linux-image-amd64)";
        return Finding.problem(SUBJECT, "this kernel has none", cure);
    }

    private boolean isThere(String release) throws IOException {
        String there = files.find(dependencies(release)).orElse("")
                + files.find(MODULES + "/" + release + "/modules.builtin").orElse("");
        return there.contains("/nbd.ko");
    }

    private boolean hasModules(String release) {
        return files.exists(dependencies(release));
    }

    private static String dependencies(String release) {
        return MODULES + "/" + release + "/modules.dep";
    }
}
