package dev.ramzswap.config;

import java.util.Map;

/** Socket activation, in the words of sd_listen_fds(3). */
final class SocketActivation {
    private SocketActivation() {}

    /**
     * Whether these variables tell this process, not one that handed them on, that it was passed a socket.
     *
     * @throws ConfigException if it was passed more than one
     */
    static boolean isUsed(Map<String, String> variables) throws ConfigException {
        String own = Long.toString(ProcessHandle.current().pid());
        String count = variables.getOrDefault("LISTEN_FDS", "0");
        if (!own.equals(variables.get("LISTEN_PID")) || count.equals("0")) {
            return false;
        }
        if (!count.equals("1")) {
            throw new ConfigException("LISTEN_FDS: " + count
                    + " sockets were passed: pass one, and give --socket and --listen for what else is to be served");
        }
        return true;
    }
}
