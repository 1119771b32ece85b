package dev.ramzswap.cli;

import java.util.Iterator;
import java.util.List;

/** Stands for the names of the exports that are served, which completion has to look up when it is asked. */
public final class ExportNames implements Iterable<String> {
    public static final String MARK = "RAMZSWAP_NAMES";

    @Override
    public Iterator<String> iterator() {
        return List.of(MARK).iterator();
    }
}
