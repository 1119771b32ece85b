package dev.ramzswap.linux;

/**
 * Who has connected to a Unix socket: the ids that its process had then (unix(7), SO_PEERCRED). Only numbers: to look
 * their names up could mean to wait for another process, which may be swapped out.
 */
public record PeerCredentials(int uid, int gid) {
    @Override
    public String toString() {
        return "uid " + Integer.toUnsignedString(uid) + ", gid " + Integer.toUnsignedString(gid);
    }
}
