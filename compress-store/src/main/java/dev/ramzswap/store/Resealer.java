package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.lang.foreign.Arena;

/**
 * Seals what an earlier daemon has staged as this one would. Staged in the clear, it is to be encrypted; under a bare
 * checksum, whoever has the disk could then change it unseen ({@link RecordBuffer#sealForFile}). For one thread, before
 * {@link BackingFile#adopted}; a daemon that is killed meanwhile leaves records with either seal, all of them intact.
 */
final class Resealer implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final Parts parts;
    private final RecordBuffer record;

    Resealer(Parts parts) {
        this.parts = parts;
        this.record = new RecordBuffer(parts.fileSeal(), arena);
    }

    /** Seals the record in the file that a slot's word tells of, if it lies in memory and is to be tagged. */
    void reseal(long slot, long word) {
        boolean isStaged = parts.fileSeal().isByTag()
                && parts.file().readNow(Slot.place(word), Record.bytes(word), record.memory, 0) == BackingFile.OK;
        if (isStaged && record.isIntact(slot, word)) {
            record.sealForFileAgain();
            parts.file().patch(Slot.place(word), record.memory, Record.CHECKSUM_BYTES);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
