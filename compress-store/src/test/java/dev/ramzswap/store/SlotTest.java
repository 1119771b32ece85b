package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotTest {
    private static final long LAST_SLOT = (1L << 32) - 1;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 0x5a5a5a5a5a5a5a5aL, 0xdeadbeefdeadbeefL, 0x00007fff_12345678L, -(1L << 47)})
    void fillValuesSurvive(long value) {
        for (long slot : new long[] {0, 1, LAST_SLOT}) {
            long word = Slot.fill(slot, value);
            assertEquals(Slot.KIND_FILL, Slot.kind(word));
            assertEquals(value, Slot.fillValue(word));
            assertTrue(Slot.isFillIntact(slot, word));
            assertFalse(Slot.isPinned(word));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 47, 0x0123456789abcdefL, Long.MIN_VALUE})
    void widerFillValuesDoNotFit(long value) {
        assertEquals(Slot.HOLE, Slot.fill(7, value));
    }

    @Test
    void anyFlippedBitOfAnyWordIsNoticed() {
        long[] words = {
            Slot.HOLE,
            Slot.fill(42, 0),
            Slot.fill(42, -1),
            Slot.fill(42, 0x5a5a5a5a5a5a5a5aL),
            Slot.fill(42, 0x7fff_0000_1234L),
            Slot.inPool(Codec.LZ4, 1234, 4096),
            Slot.inFile(Codec.RAW, 4096, Slot.MAX_PLACE - 8),
            Slot.pinned(Slot.inPool(Codec.FILL, 8, 0)),
            Slot.unreferenced(Slot.inFile(Codec.ZSTD, 1, 8))
        };
        for (long word : words) {
            assertNotEquals(Slot.KIND_DAMAGED, Slot.kind(word));
            for (int bit = 0; bit < 64; bit++) {
                assertEquals(Slot.KIND_DAMAGED, Slot.kind(word ^ 1L << bit), Long.toHexString(word) + " bit " + bit);
            }
        }
    }

    @Test
    void aHoleIsTheWordZeroAndNoOther() {
        assertEquals(Slot.KIND_HOLE, Slot.kind(0));
        for (long word = 1; word > 0 && word < 1L << 62; word <<= 1) {
            assertEquals(Slot.KIND_DAMAGED, Slot.kind(word));
            assertEquals(Slot.KIND_DAMAGED, Slot.kind(word | word >>> 1));
        }
    }

    @Test
    void aFillWordOfAnotherSlotIsNoticed() {
        assertFalse(Slot.isFillIntact(43, Slot.fill(42, 0)));
        assertEquals(Slot.KIND_DAMAGED, Slot.kind(Slot.damaged(42)));
    }

    @Test
    void recordWordsKeepTheirFields() {
        for (int codec = Codec.RAW; codec <= Codec.ZSTD; codec++) {
            for (int length : new int[] {1, 8, 2048, 4096}) {
                for (long place : new long[] {0, 8, Slot.MAX_PLACE - 8}) {
                    checkFields(Slot.KIND_POOL, Slot.inPool(codec, length, place), codec, length, place);
                    checkFields(Slot.KIND_FILE, Slot.inFile(codec, length, place), codec, length, place);
                }
            }
        }
    }

    private static void checkFields(int kind, long word, int codec, int length, long place) {
        assertTrue(Slot.isWord(word));
        assertTrue(Slot.isRecord(word));
        assertEquals(kind, Slot.kind(word));
        assertEquals(codec, Slot.codec(word));
        assertEquals(length, Slot.length(word));
        assertEquals(place, Slot.place(word));
        assertTrue(Slot.isReferenced(word));
        long pinned = Slot.pinned(word);
        assertTrue(Slot.isPinned(pinned));
        assertEquals(word, Slot.unpinned(pinned));
        assertTrue(Slot.sameCopy(word, Slot.unreferenced(pinned)));
        assertEquals(pinned, Slot.referenced(Slot.unreferenced(pinned)));
        long moved = Slot.moved(pinned, 4096);
        assertEquals(4096, Slot.place(moved));
        assertEquals(length, Slot.length(moved));
        assertFalse(Slot.isPinned(moved));
        assertNotEquals(Slot.sameCopy(word, moved), place != 4096);
    }
}
