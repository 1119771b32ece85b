package dev.ramzswap.attach;

import dev.ramzswap.config.Size;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a machine can swap to a daemon of its own, apart from the daemon. Changes nothing. */
final class MachineChecks {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");
    private static final long SCARCE = 256L << 20;
    private static final int CAP_IPC_LOCK = 14;
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_SYS_RESOURCE = 24;
    private static final String STATUS = "/proc/self/status";
    private static final String ZSWAP = "/sys/module/zswap/parameters/enabled";
    private static final String USERS = "/proc/self/uid_map";
    /** user_namespaces(7): from, to, and how many. */
    private static final String ALL_USERS = "0\\s+0\\s+4294967295";

    private static final String MAPPINGS = "/proc/self/smaps";
    private static final long SLOT_BYTES = 4096;

    private final KernelFiles files;
    private final Tools tools;

    private final boolean isRoot;

    MachineChecks(Machine machine) {
        this.files = machine.files();
        this.tools = machine.tools();
        this.isRoot = machine.host().isRoot();
    }

    /** What is needed before anything can be attached. */
    List<Finding> means() throws IOException {
        return List.of(kernel(), new NbdModuleCheck(files).finding(), mkswap());
    }

    /** What swapping is like here. */
    List<Finding> surroundings(int priority) throws IOException {
        var found = new ArrayList<Finding>();
        found.add(pageSize());
        for (VmSetting setting : VmSetting.all(files, files.bytes("/proc/meminfo", "MemTotal"))) {
            found.add(setting.finding());
        }
        found.addAll(new SharingChecks(files).findings());
        found.add(zswap());
        found.addAll(otherSwap(priority));
        found.add(memory());
        return found;
    }

    /** What the user who asks may do. */
    List<Finding> rights() throws IOException {
        return List.of(
                capability(CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "to attach and to swap on"),
                capability(CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", "for PR_SET_IO_FLUSHER and oom_score_adj"),
                locking());
    }

    private Finding kernel() throws IOException {
        String release = files.read("/proc/sys/kernel/osrelease");
        Matcher form = RELEASE.matcher(release);
        int version = form.matches() ? Integer.parseInt(form.group(1)) * 1000 + Integer.parseInt(form.group(2)) : 0;
        String cure = "boot 5.14 or newer";
        if (version < 5006) {
            return Finding.problem("kernel", release + " has no PR_SET_IO_FLUSHER (5.6): the machine may freeze", cure);
        }
        if (version < 5014) {
            return Finding.problem(
                    "kernel", release + " has no MADV_POPULATE_WRITE (5.14): the machine may freeze", cure);
        }
        String freed = version < 6012
                ? "freed pages are told by discard only; WRITE_ZEROES comes with 6.12"
                : "freed pages are told by discard and WRITE_ZEROES";
        return Finding.ok("kernel", release + ", " + freed);
    }

    /** Of the kernel's own pages, by which it swaps: arm64 may have others. Empty if it does not tell. */
    private static OptionalLong pageBytes(KernelFiles files) throws IOException {
        return files.exists(MAPPINGS) ? OptionalLong.of(files.bytes(MAPPINGS, "KernelPageSize")) : OptionalLong.empty();
    }

    private Finding pageSize() throws IOException {
        OptionalLong found = pageBytes(files);
        if (found.isEmpty()) {
            return Finding.ok("page size", "this kernel does not tell");
        }
        long bytes = found.getAsLong();
        String text = Size.format(bytes);
        return bytes == SLOT_BYTES
                ? Finding.ok("page size", text)
                : Finding.warning(
                        "page size",
                        text + ", each of which takes " + bytes / SLOT_BYTES
                                + " slots that are compressed one by one: nobody has tried that yet",
                        "boot a kernel with pages of 4K (Debian: linux-image-arm64)");
    }

    private Finding mkswap() {
        return tools.has("mkswap")
                ? Finding.ok("mkswap", "installed")
                : Finding.problem("mkswap", "not installed", "apt-get install util-linux");
    }

    /** Whether the kernel swaps by pages of another size than a slot has, as far as it tells. */
    static boolean isPageSizeOther(KernelFiles files) throws IOException {
        return pageBytes(files).orElse(SLOT_BYTES) != SLOT_BYTES;
    }

    /** Whether zswap takes pages before any device does. */
    static boolean isZswapOn(KernelFiles files) throws IOException {
        return files.find(ZSWAP).orElse("N").equals("Y");
    }

    private Finding zswap() throws IOException {
        return isZswapOn(files)
                ? Finding.warning("zswap", "compresses what ramzswap then compresses again", "echo N >" + ZSWAP)
                : Finding.ok("zswap", "off");
    }

    private List<Finding> otherSwap(int priority) throws IOException {
        var found = new ArrayList<Finding>();
        for (SwapArea area : SwapArea.all(files)) {
            if (area.isOnNbd()) {
                continue;
            }
            String text = area.device() + ", " + Size.format(area.size()) + ", priority " + area.priority();
            if (area.priority() < priority) {
                found.add(Finding.ok("other swap", text + ", takes what comes when all of ramzswap's slots are taken"));
            } else {
                found.add(Finding.warning(
                        "other swap",
                        text + (area.priority() == priority ? ", shares all pages with" : ", is filled before")
                                + " ramzswap at " + priority,
                        "swapoff " + area.device() + ", or a higher --priority"));
            }
        }
        return found.isEmpty() ? List.of(Finding.ok("other swap", "none")) : found;
    }

    private Finding memory() throws IOException {
        long available = files.bytes("/proc/meminfo", "MemAvailable");
        String text = Size.format(files.bytes("/proc/meminfo", "MemTotal")) + ", of which " + Size.format(available)
                + " available";
        return available >= SCARCE
                ? Finding.ok("memory", text)
                : Finding.warning("memory", text + ", little for a daemon to start in", "end some programs first");
    }

    /** What the kernel asks for here, it asks for in its first user namespace: capable() in its kernel/capability.c. */
    private boolean has(int capability) throws IOException {
        return isInFirstUserNamespace()
                && (Long.parseUnsignedLong(files.value(STATUS, "CapEff"), 16) >> capability & 1) != 0;
    }

    /** It alone has all users by their own numbers, unless somebody has made another look like it. */
    private boolean isInFirstUserNamespace() throws IOException {
        return files.find(USERS).map(map -> map.matches(ALL_USERS)).orElse(true);
    }

    private Finding capability(int number, String name, String purpose) throws IOException {
        return has(number)
                ? Finding.ok(name, "held")
                : Finding.problem(name, "missing, needed " + purpose, rightsCure());
    }

    private String rightsCure() throws IOException {
        if (!isInFirstUserNamespace()) {
            return "root of a user namespace (a rootless container, unshare -U) has no right to the machine: run this"
                    + " outside, as root";
        }
        return isRoot ? "this container or service takes it away: grant it there" : "run this as root, with sudo";
    }

    private Finding locking() throws IOException {
        String limit = files.lines("/proc/self/limits").stream()
                .filter(line -> line.startsWith("Max locked memory"))
                .findFirst()
                .orElse("");
        boolean free = has(CAP_IPC_LOCK) || limit.matches("Max locked memory\\s+unlimited\\s.*");
        return free
                ? Finding.ok("locked memory", "unlimited")
                : Finding.problem(
                        "locked memory",
                        "limited, and no CAP_IPC_LOCK: the daemon could be swapped out",
                        rightsCure() + ", or raise RLIMIT_MEMLOCK to unlimited");
    }
}
