package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ramzswap.backing.BackingFile;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoomSearchTest {
    /** A trim gives room to pages, but no memory to the word of a slot. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsFreedRefutesThatThereIsNoRoomButNotThatThereIsNoMemory(boolean isMapShort) throws IOException {
        StoreConfig config = new TestConfig(4096).build();
        Activity activity = new Activity();
        Fullness fullness = new Fullness();
        try (StoreFiles files = StoreFiles.open(config, BackingFile::open);
                Workspace work = new Workspace(0, null, files.parts().fileSeal(), activity);
                Keeper keeper = keeper(files.parts(), fullness, activity)) {
            keeper.start();
            RoomSearch search = new RoomSearch(keeper, activity, fullness);
            search.takeTurn(work);
            work.isMapShort = isMapShort;
            for (int i = 0; i < 10; i++) {
                assertEquals(isMapShort && i > 0, search.isExhausted(work), "time " + i);
                assertEquals(isMapShort && i == 0, fullness.isMemoryShort(), "time " + i);
                fullness.roomMade();
            }
            search.endTurn(work);
            assertFalse(fullness.isFull());
        }
    }

    private static Keeper keeper(Parts parts, Fullness fullness, Activity activity) {
        return new Keeper("test", parts, new Ownership(parts, fullness), new FreedSlots(1), fullness, activity);
    }
}
