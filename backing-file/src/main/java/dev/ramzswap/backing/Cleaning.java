package dev.ramzswap.backing;

/** What comes of {@link BackingFile#clean}. */
public enum Cleaning {
    /** Something became free, or what stood in the way of it is gone. */
    CLEANED,

    /** No segment is worth it, and none will be by itself. */
    CLEAN,

    /** Not now, but maybe soon: a segment is still to be written, or somebody has a record in his hands. */
    BUSY
}
