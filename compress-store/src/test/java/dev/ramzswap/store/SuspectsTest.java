package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Suspects.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class SuspectsTest {
    private static final long PATIENCE = 10;

    /** Of segments that have another one than 0. */
    private final Map<Long, Long> contents = new HashMap<>();

    private final Suspects suspects = new Suspects(PATIENCE, segment -> contents.getOrDefault(segment, 0L));

    @Test
    void whatFailsForLongIsLost() {
        assertEquals(State.YOUNG, note(1, 0b11, 0));
        assertEquals(State.YOUNG, note(1, 0b11, PATIENCE - 1));
        assertFalse(suspects.isLost(1));
        assertEquals(State.NEWLY_LOST, note(1, 0b11, PATIENCE));
        assertEquals(State.LOST, note(1, 0b10, PATIENCE));
        assertTrue(suspects.isLost(1));
        assertFalse(suspects.isLost(2));
        contents.put(1L, 1L);
        assertFalse(suspects.isLost(1));
        contents.clear();
        suspects.forget(1);
        assertFalse(suspects.isLost(1));
    }

    @Test
    void oneThatIsLostIsAnyAsLongAsItIsNeitherForgottenNorAnother() {
        look(0, 1);
        assertFalse(suspects.isAnyLost());
        look(PATIENCE, 1);
        assertTrue(suspects.isAnyLost());
        contents.put(1L, 1L);
        assertFalse(suspects.isAnyLost());
        contents.clear();
        suspects.beginLook(7 * PATIENCE);
        assertTrue(suspects.isAnyLost());
        suspects.beginLook(7 * PATIENCE + 1);
        assertFalse(suspects.isAnyLost());
    }

    /** Behind the label, which lies before the first one. */
    @Test
    void theFirstOneIsNamedByWhereItIsInTheFile() {
        List<String> said = new ArrayList<>();
        Logger logger = Logger.getLogger(Suspects.class.getName());
        logger.setFilter(record -> !said.add(record.getMessage()));
        try {
            note(2 * BackingFile.SEGMENT_BYTES, 1, 0);
            note(5 * BackingFile.SEGMENT_BYTES, 1, 0);
        } finally {
            logger.setFilter(null);
        }
        assertEquals(1, said.size());
        assertTrue(said.getFirst().contains(" at byte " + 3 * BackingFile.SEGMENT_BYTES + ": "), said.getFirst());
    }

    @Test
    void anotherContentFailsAnew() {
        note(1, 1, 0);
        contents.put(1L, 1L);
        assertEquals(State.YOUNG, note(1, 1, PATIENCE));
    }

    @Test
    void otherPiecesOfALostOneFailAnewAndKeepNobodyWaiting() {
        note(1, 0b01, 0);
        assertEquals(State.NEWLY_LOST, note(1, 0b01, PATIENCE));
        assertEquals(State.UNSTEADY, note(1, 0b11, PATIENCE));
        assertFalse(suspects.isLost(1));
        assertEquals(State.UNSTEADY, note(1, 0b10, 2 * PATIENCE - 1));
        assertEquals(State.NEWLY_LOST, note(1, 0b10, 2 * PATIENCE));
    }

    /** Between them it may have been as it should be. */
    @Test
    void twoMomentsAreNoLongTime() {
        look(0, 1);
        assertEquals(State.YOUNG, look(12 * PATIENCE, 1));
        assertEquals(State.NEWLY_LOST, look(13 * PATIENCE, 1));
        assertEquals(State.LOST, look(19 * PATIENCE, 1));
        assertEquals(State.YOUNG, look(26 * PATIENCE, 1), "what was lost long ago");
    }

    /** What is not intact though it is given is no reason why it should never be given. */
    @Test
    void whatWasWrongForLongIsNotLostWhenItIsRefused() {
        wrong(0b11, 0);
        assertEquals(State.NEWLY_LOST, wrong(0b11, PATIENCE));
        assertEquals(State.UNSTEADY, note(1, 0b10, PATIENCE));
        assertEquals(State.NEWLY_LOST, note(1, 0b10, 2 * PATIENCE));
        assertEquals(State.UNSTEADY, wrong(0b10, 2 * PATIENCE));
    }

    private State wrong(long pieces, long now) {
        return suspects.note(1, new FailedPieces(0, pieces), now, now);
    }

    private State note(long segment, long refused, long now) {
        return note(segment, refused, now, now);
    }

    private State note(long segment, long refused, long begin, long end) {
        return suspects.note(segment, new FailedPieces(refused, 0), begin, end);
    }

    /** So much of it was taken by what did not fail. */
    @Test
    void whatALookTakesIsNoTimeOfFailing() {
        assertEquals(State.YOUNG, note(1, 1, 0, PATIENCE));
        assertEquals(State.YOUNG, note(1, 1, 2 * PATIENCE - 1, 3 * PATIENCE));
        assertEquals(State.NEWLY_LOST, note(1, 1, 2 * PATIENCE, 3 * PATIENCE));
    }

    /** Others may have been intact meanwhile, too. */
    @Test
    void aLookAtWhatIsIntactIsAPause() {
        suspects.beginLook(0);
        note(1, 1, 0, 0);
        suspects.pause(0, PATIENCE + 1);
        assertEquals(State.YOUNG, note(1, 1, PATIENCE + 1, PATIENCE + 1));
        assertEquals(State.NEWLY_LOST, note(1, 1, 2 * PATIENCE + 1, 2 * PATIENCE + 1));
    }

    private State look(long now, long pieces) {
        suspects.beginLook(now);
        State state = note(1, pieces, now);
        suspects.endLook(now);
        return state;
    }

    @Test
    void looksThatTakeLongAreNoPause() {
        suspects.beginLook(0);
        note(1, 1, 0);
        suspects.endLook(0);
        suspects.beginLook(1);
        note(2, 1, 100 * PATIENCE);
        suspects.endLook(100 * PATIENCE);
        assertEquals(State.NEWLY_LOST, look(100 * PATIENCE + 1, 1));
    }

    @Test
    void moreThanAreRememberedTakeTheirTurnsAndKeepNobodyWaiting() {
        for (long segment = 0; segment < Suspects.MOST; segment++) {
            assertEquals(State.YOUNG, note(segment, 1, 0));
        }
        assertEquals(State.UNKNOWN, note(1999, 1, 0));
        assertEquals(State.NEWLY_LOST, note(0, 1, PATIENCE));
        assertEquals(State.UNKNOWN, note(1999, 1, 2 * PATIENCE));
        suspects.forget(0);
        assertEquals(State.YOUNG, note(1999, 1, 2 * PATIENCE));
        contents.put(1L, 1L);
        assertEquals(State.YOUNG, note(2000, 1, 2 * PATIENCE));
        assertEquals(State.NEWLY_LOST, note(1999, 1, 3 * PATIENCE));
    }
}
