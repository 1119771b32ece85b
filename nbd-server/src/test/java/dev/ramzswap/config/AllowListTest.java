package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.ProcessId;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AllowListTest {
    private static final Host HOST = new Host(8L << 30, 4711, Map.of());

    private static PeerCredentials peer(String user, String group) {
        return new PeerCredentials(
                new ProcessId(4712, 1),
                AllowList.users(user).iterator().next(),
                AllowList.groups(group).iterator().next());
    }

    @Test
    void rootAndTheDaemonsUserAlwaysMay() {
        AllowList list = AllowList.of(Set.of(), Set.of(), HOST);
        assertTrue(list.admits(peer("root", "123")));
        assertTrue(list.admits(peer("4711", "123")));
        assertFalse(list.admits(peer("4712", "0")));
        assertFalse(list.admits(peer("nobody", "4711")));
        assertTrue(list.admits(null), "a TCP client");
    }

    @Test
    void whoIsListedMay() {
        AllowList list = AllowList.of(AllowList.users("nobody, 12"), AllowList.groups("34 daemon"), HOST);
        assertTrue(list.admits(peer("nobody", "99")));
        assertTrue(list.admits(peer("65534", "99")));
        assertTrue(list.admits(peer("12", "99")));
        assertTrue(list.admits(peer("99", "34")));
        assertTrue(list.admits(peer("99", "daemon")));
        assertFalse(list.admits(peer("34", "12")), "a user's number is not a group's");
        assertTrue(list.admits(peer("0", "99")));
    }

    @Test
    void unknownNamesAreNamed() {
        assertEquals(
                "there is no user 'nobody-at-all': give names or numbers, as in alice,1000",
                assertThrows(IllegalArgumentException.class, () -> AllowList.users("root,nobody-at-all"))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> AllowList.groups("nobody-at-all"));
        assertThrows(IllegalArgumentException.class, () -> AllowList.users(""));
    }
}
