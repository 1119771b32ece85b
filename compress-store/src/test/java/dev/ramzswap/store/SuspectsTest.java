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
    private static final long HALF = PATIENCE / 2;

    /** Of segments that have another one than 0. */
    private final Map<Long, Long> contents = new HashMap<>();

    private final Suspects suspects = new Suspects(PATIENCE, segment -> contents.getOrDefault(segment, 0L));

    @Test
    void whatFailsInThreeLooksIsLost() {
        assertEquals(State.YOUNG, note(1, 0b11, 0));
        assertEquals(State.YOUNG, note(1, 0b11, HALF));
        assertFalse(suspects.isLost(1));
        assertEquals(State.NEWLY_LOST, note(1, 0b11, 2 * HALF));
        assertEquals(State.LOST, note(1, 0b10, 2 * HALF));
        assertTrue(suspects.isLost(1));
        assertFalse(suspects.isLost(2));
        contents.put(1L, 1L);
        assertFalse(suspects.isLost(1));
        contents.clear();
        suspects.forget(1);
        assertFalse(suspects.isLost(1));
    }

    @Test
    void looksThatComeTooSoonDoNotCount() {
        for (long now = 0; now < 2 * HALF; now++) {
            assertEquals(State.YOUNG, note(1, 1, now));
        }
        assertEquals(State.NEWLY_LOST, note(1, 1, 2 * HALF));
    }

    @Test
    void whatWasLostLongAgoFailsAnewWhenItIsLookedAt() {
        lose(1);
        long late = 2 * HALF + Suspects.MEMORY_NANOS;
        assertEquals(State.LOST, note(1, 1, late - 1));
        late += Suspects.MEMORY_NANOS;
        assertTrue(suspects.isLost(1), "nobody looked");
        assertEquals(State.YOUNG, note(1, 1, late));
        assertFalse(suspects.isLost(1));
        assertFalse(suspects.isAnyLost());
        note(1, 1, late + HALF);
        assertEquals(State.NEWLY_LOST, note(1, 1, late + 2 * HALF));
    }

    /** A moment today is not to end what two others have begun weeks ago. */
    @Test
    void whatFailedLongAgoFailsAnew() {
        note(1, 1, 0);
        note(1, 1, HALF);
        long late = HALF + Suspects.MEMORY_NANOS;
        assertEquals(State.YOUNG, note(1, 1, late));
        assertEquals(State.YOUNG, note(1, 1, late + HALF));
        assertEquals(State.NEWLY_LOST, note(1, 1, late + 2 * HALF));
    }

    /** Whole hours may pass from one look at a segment to the next, where others fail slowly. */
    @Test
    void looksThatAreHoursApartCountIfOthersFailMeanwhile() {
        long hours = 2 * Suspects.MEMORY_NANOS;
        note(1, 1, 0);
        note(2, 1, 0, hours);
        note(1, 1, hours);
        note(2, 1, hours, 2 * hours);
        assertEquals(State.NEWLY_LOST, note(1, 1, 2 * hours));
    }

    /** It was not looked at, as nobody needed its room, whatever else failed. */
    @Test
    void whatWasLostLongAgoFailsAnewThoughOthersHaveFailedMeanwhile() {
        lose(1);
        long hours = 2 * Suspects.MEMORY_NANOS;
        note(2, 1, 2 * HALF, hours);
        assertEquals(State.YOUNG, note(1, 1, hours));
    }

    /** It has not failed for long since. */
    @Test
    void whatWasForgottenAndHasGrownSinceIsYoung() {
        note(1, 0b01, 0);
        long late = Suspects.MEMORY_NANOS;
        note(1, 0b01, late);
        assertEquals(State.YOUNG, note(1, 0b11, late + PATIENCE - 1));
        assertEquals(State.UNSTEADY, note(1, 0b11, late + PATIENCE));
    }

    /** It keeps nobody waiting. */
    @Test
    void whatIsUnsteadyStaysSoThoughItIsForgotten() {
        note(1, 0b01, 0);
        note(1, 0b11, PATIENCE - 1);
        long late = PATIENCE + Suspects.MEMORY_NANOS;
        assertEquals(State.UNSTEADY, note(1, 0b11, late));
        assertEquals(State.UNSTEADY, note(1, 0b11, late + HALF));
        assertEquals(State.NEWLY_LOST, note(1, 0b11, late + 2 * HALF));
    }

    /** What is remembered already is one of those that take long, and takes as long itself. */
    @Test
    void aLookOfHoursIsOneLook() {
        long hours = 2 * Suspects.MEMORY_NANOS;
        note(1, 1, 0, hours);
        note(1, 1, hours + HALF, 2 * hours);
        assertEquals(State.NEWLY_LOST, note(1, 1, 2 * hours + HALF, 3 * hours));
    }

    /** Between them it may have been as it should be. */
    @Test
    void twoMomentsAreNoLongTime() {
        note(1, 1, 0);
        assertEquals(State.YOUNG, note(1, 1, 100 * PATIENCE));
        assertEquals(State.YOUNG, note(1, 1, 100 * PATIENCE + HALF - 1));
        assertEquals(State.NEWLY_LOST, note(1, 1, 100 * PATIENCE + HALF));
    }

    /** Now these fail, now others: that makes nobody wait again and again. */
    @Test
    void whatHasGrownIsUnsteadyUntilItIsLost() {
        note(1, 0b01, 0);
        assertEquals(State.YOUNG, note(1, 0b11, PATIENCE - 1));
        assertEquals(State.UNSTEADY, note(1, 0b11, PATIENCE));
        assertEquals(State.UNSTEADY, note(1, 0b11, 2 * PATIENCE));
        assertEquals(State.NEWLY_LOST, note(1, 0b11, 3 * PATIENCE));
    }

    @Test
    void oneThatIsLostIsAnyAsLongAsItIsNotAnother() {
        note(1, 1, 0);
        note(1, 1, HALF);
        assertFalse(suspects.isAnyLost());
        note(1, 1, 2 * HALF);
        assertTrue(suspects.isAnyLost());
        contents.put(1L, 1L);
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
        lose(0b01);
        assertEquals(State.UNSTEADY, note(1, 0b11, 2 * HALF));
        assertFalse(suspects.isLost(1));
        assertEquals(State.UNSTEADY, note(1, 0b10, 3 * HALF));
        assertEquals(State.NEWLY_LOST, note(1, 0b10, 4 * HALF));
    }

    /** What is not intact though it is given is no reason why it should never be given. */
    @Test
    void whatWasWrongForLongIsNotLostWhenItIsRefused() {
        wrong(0b11, 0);
        wrong(0b11, HALF);
        assertEquals(State.NEWLY_LOST, wrong(0b11, 2 * HALF));
        assertEquals(State.UNSTEADY, note(1, 0b10, 2 * HALF));
        assertEquals(State.UNSTEADY, wrong(0b10, 2 * HALF));
    }

    private void lose(long pieces) {
        note(1, pieces, 0);
        note(1, pieces, HALF);
        assertEquals(State.NEWLY_LOST, note(1, pieces, 2 * HALF));
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
        note(1, 1, 0, PATIENCE);
        note(1, 1, PATIENCE + HALF - 1, 2 * PATIENCE);
        assertEquals(State.YOUNG, note(1, 1, 2 * PATIENCE, 3 * PATIENCE));
        assertEquals(State.NEWLY_LOST, note(1, 1, 3 * PATIENCE + HALF, 4 * PATIENCE));
    }

    @Test
    void moreThanAreRememberedTakeTheirTurnsAndKeepNobodyWaiting() {
        for (long segment = 0; segment < Suspects.MOST; segment++) {
            assertEquals(State.YOUNG, note(segment, 1, 0));
        }
        assertEquals(State.UNKNOWN, note(1999, 1, 0));
        note(0, 1, HALF);
        assertEquals(State.NEWLY_LOST, note(0, 1, 2 * HALF));
        assertEquals(State.UNKNOWN, note(1999, 1, 2 * PATIENCE));
        suspects.forget(0);
        assertEquals(State.YOUNG, note(1999, 1, 2 * PATIENCE));
        contents.put(1L, 1L);
        assertEquals(State.YOUNG, note(2000, 1, 2 * PATIENCE));
        note(1999, 1, 2 * PATIENCE + HALF);
        assertEquals(State.NEWLY_LOST, note(1999, 1, 3 * PATIENCE));
    }
}
