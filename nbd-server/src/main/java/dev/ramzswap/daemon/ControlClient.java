package dev.ramzswap.daemon;

import java.io.IOException;
import java.nio.file.Path;

/** What other processes ask of a daemon by its control socket, and the words that it answers. */
final class ControlClient {
    static final String OK = "ok";
    /** It goes on for its clients. */
    static final String DRAINING = "draining";
    /** A message for the user follows. */
    static final String ERROR = "error ";

    private ControlClient() {}

    /** Asks the daemon behind a control socket to change an export. */
    static void set(Path control, String name, Changes changes) throws IOException {
        ask(control, "set " + name + " " + changes);
    }

    /** @return whether the daemon ends now, rather than when its last client is gone */
    static boolean stop(Path control) throws IOException {
        return ask(control, "stop").equals(OK);
    }

    static void stopByForce(Path control) throws IOException {
        ask(control, "stop force");
    }

    private static String ask(Path control, String request) throws IOException {
        String reply = ControlSocket.request(control, request);
        if (!reply.equals(OK) && !reply.equals(DRAINING)) {
            throw new IOException(reply.startsWith(ERROR) ? reply.substring(ERROR.length()) : reply);
        }
        return reply;
    }
}
