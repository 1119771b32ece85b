package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class AccountsTest {
    @Test
    void knowsUsersAndGroupsByTheirNames() {
        assertEquals(OptionalInt.of(0), Accounts.uid("root"));
        assertEquals(OptionalInt.of(0), Accounts.gid("root"));
        assertEquals(OptionalInt.of(65534), Accounts.uid("nobody"));
    }

    @Test
    void knowsWhoIsNotThere() {
        assertEquals(OptionalInt.empty(), Accounts.uid("nobody-at-all"));
        assertEquals(OptionalInt.empty(), Accounts.gid("nobody-at-all"));
    }
}
