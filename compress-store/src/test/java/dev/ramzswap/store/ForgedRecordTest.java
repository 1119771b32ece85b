package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BackingSize;
import dev.ramzswap.backing.DamagedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who has the disk flips bits of a page so that its CRC-32C stays right: counter mode lets him, the keyed tag tells.
 * That the same goes unnoticed where nothing is encrypted shows that the bits are well chosen.
 */
class ForgedRecordTest {
    private static final int SLOTS = 1000;

    @TempDir
    Path directory;

    /** The generator polynomial itself, as a little-endian machine has it: its remainder is 0. */
    private static final long FORGERY = 1 | 0x82f6_3b78L << 1;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPageThatSomebodyHasChangedOnTheDiskIsAnError(boolean isEncrypted) throws IOException {
        StoreConfig.Backing backing =
                new StoreConfig.Backing(Path.of("in-memory"), StoreConfig.WORST_CASE, isEncrypted);
        long limit = SlotMap.bytes(SLOTS) + (256 << 10);
        StoreConfig config = new StoreConfig(
                "test", SLOTS, limit, CodecSpec.LZ4, 3072, Optional.of(backing), true, 0, Optional.empty());
        DamagedDevice device = new DamagedDevice(BackingSize.bytesFor(SLOTS, Record.MAX_BYTES));
        StoreFiles files = StoreFiles.open(config, device::open);
        ByteBuffer out = Pages.buffer();
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work);
            }
            long word = files.parts().map().get(0);
            assertEquals(Slot.KIND_FILE, Slot.kind(word));
            while (isStaged(files.parts().file(), word, work)) {
                LockSupport.parkNanos(1_000_000);
            }
            assertEquals(StoreStatus.OK, store.load(0, out, 0, work));
            for (int i = 0; i < 5; i++) {
                device.flip(Slot.place(word) + Record.HEADER_BYTES + 100 + i, (byte) (FORGERY >>> 8 * i));
            }
            int status = store.load(0, out, 0, work);
            assertEquals(isEncrypted ? StoreStatus.IO_ERROR : StoreStatus.OK, status);
            assertTrue(isEncrypted || !Pages.equal(Pages.page(Pages.Kind.INCOMPRESSIBLE, 0), out));
        }
    }

    /**
     * They are encrypted when they are written, and must have been sealed for that. Here the file is gone: they stay.
     */
    @Test
    void pagesThatWereStagedInTheClearAreSealedByADaemonThatEncrypts() throws IOException {
        Path path = directory.resolve("file");
        TestConfig config = Daemons.config(directory);
        Daemons.store(config.backing(path, Daemons.FILE_BYTES, false).build(), Daemons.SLOTS, 0);
        Files.delete(path);
        StoreConfig encrypting = config.backing(path, Daemons.FILE_BYTES, true).build();
        StoreFiles files = StoreFiles.open(encrypting, BackingFile::open);
        int staged = 0;
        try (PageStore store = PageStore.open(encrypting, files);
                Workspace work = store.workspace()) {
            for (int slot = 0; slot < Daemons.SLOTS; slot++) {
                long word = files.parts().map().get(slot);
                if (Slot.kind(word) == Slot.KIND_FILE && isStaged(files.parts().file(), word, work)) {
                    assertTrue(work.record.isIntact(slot, word));
                    int seal = Record.checksum(work.record.memory, 0);
                    work.record.sealForFileAgain();
                    assertEquals(Record.checksum(work.record.memory, 0), seal, "slot " + slot);
                    staged++;
                }
            }
        }
        assertTrue(staged > 0);
    }

    private static boolean isStaged(BackingFile file, long word, Workspace work) {
        return file.readNow(Slot.place(word), Record.bytes(word), work.record.memory, 0) == BackingFile.OK;
    }
}
