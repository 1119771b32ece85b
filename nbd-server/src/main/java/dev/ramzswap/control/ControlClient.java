package dev.ramzswap.control;

import dev.ramzswap.config.Changes;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What other processes ask of a daemon by its control socket, and the words that it answers. */
public final class ControlClient {
    public static final String OK = "ok";
    /** It goes on for its clients. */
    public static final String DRAINING = "draining";
    /** A message for the user follows. */
    public static final String ERROR = "error ";

    private ControlClient() {}

    /** Asks the daemon behind a control socket to change an export. */
    public static void set(Path control, String name, Changes changes) throws IOException, InterruptedException {
        ask(control, "set " + name + " " + changes);
    }

    /** @return whether the daemon ends now, rather than when its last client is gone */
    public static boolean stop(Path control) throws IOException, InterruptedException {
        return ask(control, "stop").equals(OK);
    }

    public static void stopByForce(Path control) throws IOException, InterruptedException {
        ask(control, "stop force");
    }

    /** Has the daemon drop what the kernel frees of an export, as the bits of this name say that are pinned for it. */
    public static void watchFreed(Path control, String name, long bits) throws IOException, InterruptedException {
        ask(control, "watch-freed " + name + " " + bits);
    }

    /** The processes, other than the kernel, that are connected to the daemon; 0 for all that it does not know. */
    public static List<Long> visitors(Path control) throws IOException, InterruptedException {
        return pids(control, "visitors");
    }

    /** Those that are connected to one of its exports. */
    public static List<Long> visitors(Path control, String name) throws IOException, InterruptedException {
        return pids(control, "visitors " + name);
    }

    private static List<Long> pids(Path control, String request) throws IOException, InterruptedException {
        String reply = request(control, request);
        if (!reply.matches("[\\d ]*")) {
            throw new IOException(reply);
        }
        return Arrays.stream(reply.split(" "))
                .filter(pid -> !pid.isEmpty())
                .map(Long::valueOf)
                .toList();
    }

    /** An interrupt is not an answer that fails. */
    private static String request(Path control, String request) throws IOException, InterruptedException {
        try {
            return ControlSocket.request(control, request);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted(); // the exception says it now
            throw new InterruptedException();
        }
    }

    private static String ask(Path control, String request) throws IOException, InterruptedException {
        String reply = request(control, request);
        if (!reply.equals(OK) && !reply.equals(DRAINING)) {
            throw new IOException(reply.startsWith(ERROR) ? reply.substring(ERROR.length()) : reply);
        }
        return reply;
    }
}
