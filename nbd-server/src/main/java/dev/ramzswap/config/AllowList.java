package dev.ramzswap.config;

import dev.ramzswap.linux.Accounts;
import dev.ramzswap.linux.PeerCredentials;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Whose processes may open an export by a Unix socket. Root and the daemon's own user always may: they could read its
 * memory anyway, and the daemon connects to itself. Of a process, the user and the group count that it had when it
 * connected, not its other groups.
 */
public record AllowList(Set<Integer> uids, Set<Integer> gids) {
    private static final int ROOT = 0;

    private interface LookUp {
        OptionalInt idOf(String name);
    }

    /** These users, root and the daemon's own, and these groups. */
    public static AllowList of(Set<Integer> uids, Set<Integer> gids, Host host) {
        var all = new HashSet<>(uids);
        all.add(ROOT);
        all.add(host.uid());
        return new AllowList(Set.copyOf(all), Set.copyOf(gids));
    }

    /**
     * @param list names or numbers, with commas or spaces between
     * @throws IllegalArgumentException for one that does not exist, with a message for the user
     */
    static Set<Integer> users(String list) {
        return all(list, "user", Accounts::uid);
    }

    /** As {@link #users}. */
    static Set<Integer> groups(String list) {
        return all(list, "group", Accounts::gid);
    }

    private static Set<Integer> all(String list, String what, LookUp lookUp) {
        var found = new HashSet<Integer>();
        for (String name : list.strip().split("[,\\s]+")) {
            found.add(id(name, lookUp)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "there is no " + what + " '" + name + "': give names or numbers, as in alice,1000")));
        }
        return found;
    }

    private static OptionalInt id(String name, LookUp lookUp) {
        try {
            return OptionalInt.of(Integer.parseUnsignedInt(name));
        } catch (NumberFormatException e) {
            return lookUp.idOf(name);
        }
    }

    /** @param peer null for a TCP client, whom the address that it came by has let in */
    public boolean admits(PeerCredentials peer) {
        return peer == null || uids.contains(peer.uid()) || gids.contains(peer.gid());
    }
}
