package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.RecordTag;

/**
 * How records in the backing file are sealed. A tag lies in encrypted segments only: a later daemon that finds none of
 * those knows that there is no tag to look for.
 *
 * @param tag tells whether a record is intact that was encrypted; null if nothing in the file is or was
 * @param isByTag whether what is written from now on is sealed by it
 * @param owner is in all other checksums: those of another backing file, which may lie at the path by now, are wrong
 */
record FileSeal(RecordTag tag, boolean isByTag, int owner) {
    static final FileSeal NONE = new FileSeal(null, false, 0);

    static FileSeal of(BackingFile file) {
        RecordTag tag = file.recordTag(Record.MAX_BYTES - Record.CHECKED_OFFSET);
        return new FileSeal(tag, file.isEncrypting(), file.owner());
    }

    /** One for another thread. */
    FileSeal another() {
        return tag == null ? this : new FileSeal(tag.another(), isByTag, owner);
    }
}
