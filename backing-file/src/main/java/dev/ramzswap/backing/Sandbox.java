package dev.ramzswap.backing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The service that this process runs in, as far as it keeps a path from it that the machine has. Systemd does that by
 * other mounts than those of process 1 (systemd.exec(5), ProtectSystem= and the like).
 *
 * @param proc {@code /proc}, or a made-up tree
 * @param variables the environment
 */
record Sandbox(Path proc, Map<String, String> variables) {
    /** Which systemd sets for all that it starts. */
    private static final String INVOCATION = "INVOCATION_ID";

    private static final Pattern UNIT = Pattern.compile(".*/([^/]+\\.service)(?:/.*)?");
    private static final Pattern OCTAL = Pattern.compile("\\\\(\\d{3})");

    /** Of {@code /proc/PID/mountinfo}: proc_pid_mountinfo(5). */
    private record Mount(Path point, String device, boolean isReadOnly) {
        static Mount parse(String line) {
            // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS ...
            String[] fields = line.split(" ", 7);
            String point = OCTAL.matcher(fields[4])
                    .replaceAll(match -> String.valueOf((char) Integer.parseInt(match.group(1), 8)));
            return new Mount(
                    Path.of(point), fields[2], List.of(fields[5].split(",")).contains("ro"));
        }
    }

    static Sandbox current() {
        return new Sandbox(Path.of("/proc"), System.getenv());
    }

    /** What to tell the user, if this service cannot use a path that the machine can. Empty if it is not for that. */
    String cureFor(Path path) {
        try {
            boolean isKept = variables.containsKey(INVOCATION)
                    && isKept(path.toAbsolutePath().normalize());
            return isKept ? cure(path) : "";
        } catch (IOException e) {
            return ""; // Nothing is known.
        }
    }

    private boolean isKept(Path path) throws IOException {
        Mount own = mountOf("self", path);
        Mount machines = mountOf("1", path);
        return own.isReadOnly && !machines.isReadOnly || !own.device.equals(machines.device);
    }

    /** The last one that is not below it is on top. */
    private Mount mountOf(String process, Path path) throws IOException {
        Path mounts = proc.resolve(process).resolve("mountinfo");
        return Files.readAllLines(mounts).stream()
                .map(Mount::parse)
                .filter(mount -> path.startsWith(mount.point))
                .reduce((a, b) -> b.point.getNameCount() >= a.point.getNameCount() ? b : a)
                .orElseThrow(() -> new IOException(mounts + " has no root"));
    }

    private String cure(Path path) throws IOException {
        String own = Files.readString(proc.resolve("self/cgroup"));
        String unit = own.lines()
                .map(UNIT::matcher)
                .filter(Matcher::matches)
                .map(match -> match.group(1))
                .findFirst()
                .orElse("UNIT");
        String line = path.startsWith("/dev")
                ? "PrivateDevices=no and DeviceAllow=" + path + " rw"
                : "ReadWritePaths=" + path.toAbsolutePath().getParent();
        return ": the service is kept from it, not the machine: systemctl edit " + unit + ", [Service], " + line;
    }
}
