package dev.ramzswap.linux;

/**
 * Who has connected to a Unix socket: the process, and the ids that it had then (unix(7), SO_PEERCRED). Only numbers:
 * to look their names up could mean to wait for another process, which may be swapped out.
 *
 * @param process number 0 if this process does not see it. It may have ended, and left the socket to others
 */
public record PeerCredentials(ProcessId process, int uid, int gid) {
    @Override
    public String toString() {
        return "uid " + Integer.toUnsignedString(uid) + ", gid " + Integer.toUnsignedString(gid);
    }
}
