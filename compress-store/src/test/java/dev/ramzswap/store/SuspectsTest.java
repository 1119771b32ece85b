package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Suspects.State;
import org.junit.jupiter.api.Test;

class SuspectsTest {
    private static final long CONTENT = 77;
    private static final long PATIENCE = 10;

    private final Suspects suspects = new Suspects(PATIENCE);

    @Test
    void whatFailsForLongIsLost() {
        assertEquals(State.YOUNG, suspects.note(1, CONTENT, 0b11, 0));
        assertEquals(State.YOUNG, suspects.note(1, CONTENT, 0b11, PATIENCE - 1));
        assertFalse(suspects.isLost(1, CONTENT));
        assertEquals(State.NEWLY_LOST, suspects.note(1, CONTENT, 0b11, PATIENCE));
        assertEquals(State.LOST, suspects.note(1, CONTENT, 0b10, PATIENCE));
        assertTrue(suspects.isLost(1, CONTENT));
        assertFalse(suspects.isLost(1, CONTENT + 1));
        assertFalse(suspects.isLost(2, CONTENT));
        suspects.forget(1);
        assertFalse(suspects.isLost(1, CONTENT));
    }

    @Test
    void anotherContentFailsAnew() {
        suspects.note(1, CONTENT, 1, 0);
        assertEquals(State.YOUNG, suspects.note(1, CONTENT + 1, 1, PATIENCE));
    }

    @Test
    void otherPiecesOfALostOneFailAnewAndKeepNobodyWaiting() {
        suspects.note(1, CONTENT, 0b01, 0);
        assertEquals(State.NEWLY_LOST, suspects.note(1, CONTENT, 0b01, PATIENCE));
        assertEquals(State.UNSTEADY, suspects.note(1, CONTENT, 0b11, PATIENCE));
        assertFalse(suspects.isLost(1, CONTENT));
        assertEquals(State.UNSTEADY, suspects.note(1, CONTENT, 0b10, 2 * PATIENCE - 1));
        assertEquals(State.NEWLY_LOST, suspects.note(1, CONTENT, 0b10, 2 * PATIENCE));
    }

    /** Between them it may have been as it should be. */
    @Test
    void twoMomentsFarApartAreNoLongTime() {
        suspects.note(1, CONTENT, 1, 0);
        assertEquals(State.YOUNG, suspects.note(1, CONTENT, 1, 11 * PATIENCE));
        assertEquals(State.NEWLY_LOST, suspects.note(1, CONTENT, 1, 12 * PATIENCE));
        assertEquals(State.LOST, suspects.note(1, CONTENT, 1, 100 * PATIENCE));
    }

    @Test
    void moreThanAreRememberedTakeTheirTurns() {
        for (long segment = 0; segment < 2000; segment++) {
            suspects.note(segment, CONTENT, 1, 0);
        }
        assertEquals(State.NEWLY_LOST, suspects.note(0, CONTENT, 1, PATIENCE));
        assertEquals(State.YOUNG, suspects.note(1999, CONTENT, 1, PATIENCE));
        assertEquals(State.YOUNG, suspects.note(1999, CONTENT, 1, 2 * PATIENCE));
        suspects.forget(0);
        assertEquals(State.YOUNG, suspects.note(1999, CONTENT, 1, 2 * PATIENCE));
        assertEquals(State.NEWLY_LOST, suspects.note(1999, CONTENT, 1, 3 * PATIENCE));
    }

    @Test
    void whatNobodyLooksAtIsRememberedNoLonger() {
        for (long segment = 0; segment < 2000; segment++) {
            suspects.note(segment, CONTENT, 1, 0);
        }
        suspects.note(1999, CONTENT, 1, 11 * PATIENCE);
        assertEquals(State.YOUNG, suspects.note(1999, CONTENT, 1, 11 * PATIENCE));
        assertEquals(State.NEWLY_LOST, suspects.note(1999, CONTENT, 1, 12 * PATIENCE));
    }
}
