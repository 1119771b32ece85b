package dev.ramzswap.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process, which its number alone does not name for long: that of one that has ended is given to another.
 *
 * @param pid as this process sees it
 * @param start see {@link #startOf}
 */
public record ProcessId(int pid, long start) {
    private static final String ZOMBIE = "Z";

    /** The one that has that number now. */
    public static ProcessId of(int pid) {
        return new ProcessId(pid, startOf(pid));
    }

    /**
     * Field 22 of {@code /proc/PID/stat}, counted from behind the command's name, which may hold anything; or -1 if the
     * process has ended, whether its parent knows that already or not.
     */
    public static long startOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[0].equals(ZOMBIE) ? -1 : Long.parseLong(fields[19]);
        } catch (IOException e) {
            return -1;
        }
    }
}
