package dev.ramzswap.daemon;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.HashSet;
import java.util.Set;
import jdk.net.UnixDomainPrincipal;

/**
 * Whose processes may open an export by a Unix socket. Root and the daemon's own user always may: they could read its
 * memory anyway, and the daemon connects to itself. Of a process, the user and the group count that it had when it
 * connected, not its other groups. Users and groups are equal if their numbers are.
 */
record AllowList(Set<UserPrincipal> users, Set<GroupPrincipal> groups) {
    private static final int ROOT = 0;
    private static final UserPrincipalLookupService SERVICE =
            FileSystems.getDefault().getUserPrincipalLookupService();

    /** A user or a group by its name or number. */
    private interface LookUp<T> {
        T byName(String name) throws IOException;
    }

    /** These users, root and the daemon's own, and these groups. */
    static AllowList of(Set<UserPrincipal> users, Set<GroupPrincipal> groups, Host host) {
        var all = new HashSet<>(users);
        all.addAll(users(ROOT + "," + host.uid()));
        return new AllowList(Set.copyOf(all), Set.copyOf(groups));
    }

    /**
     * @param list names or numbers, with commas or spaces between
     * @throws IllegalArgumentException for one that does not exist, with a message for the user
     */
    static Set<UserPrincipal> users(String list) {
        return all(list, "user", SERVICE::lookupPrincipalByName);
    }

    /** As {@link #users}. */
    static Set<GroupPrincipal> groups(String list) {
        return all(list, "group", SERVICE::lookupPrincipalByGroupName);
    }

    private static <T> Set<T> all(String list, String what, LookUp<T> lookUp) {
        var found = new HashSet<T>();
        for (String name : list.strip().split("[,\\s]+")) {
            try {
                found.add(lookUp.byName(name));
            } catch (UserPrincipalNotFoundException e) {
                throw new IllegalArgumentException(
                        "there is no " + what + " '" + name + "': give names or numbers, as in alice,1000", e);
            } catch (IOException e) {
                throw new IllegalArgumentException("the " + what + " '" + name + "' cannot be looked up: " + e, e);
            }
        }
        return found;
    }

    /** @param peer null for a TCP client, whom the address that it came by has let in */
    boolean admits(UnixDomainPrincipal peer) {
        return peer == null || users.contains(peer.user()) || groups.contains(peer.group());
    }
}
