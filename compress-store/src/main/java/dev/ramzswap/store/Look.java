package dev.ramzswap.store;

/** What came of one look of something that makes room. */
enum Look {
    /** Something was done: look again. */
    GAINED,

    /** A complete look found nothing to do, and nothing that could still become something. */
    NOTHING,

    /** Nothing could be done now, since somebody else has his hands on it, or a device does not answer. */
    BLOCKED;

    /** What came of this look and another one. */
    Look and(Look other) {
        if (this == GAINED || other == GAINED) {
            return GAINED;
        }
        return this == BLOCKED || other == BLOCKED ? BLOCKED : NOTHING;
    }
}
