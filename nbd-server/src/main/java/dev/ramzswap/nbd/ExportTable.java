package dev.ramzswap.nbd;

import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.wire.Protocol;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The exports of a server, by name; one may also be the default one, whose name is empty. */
final class ExportTable {
    private final Map<String, Export> byName = new LinkedHashMap<>();
    private final String defaultName;

    /** The first is the default one. @throws IllegalArgumentException as the other */
    ExportTable(List<? extends Export> exports) {
        this(exports, exports.isEmpty() ? "" : exports.getFirst().name());
    }

    /**
     * @param defaultName need not be one of them
     * @throws IllegalArgumentException for no export, two of one name, or a name, text or size that cannot be sent
     */
    ExportTable(List<? extends Export> exports, String defaultName) {
        this.defaultName = defaultName;
        for (Export export : exports) {
            checkText("name", export.name(), export);
            checkText("description", export.description(), export);
            if (export.size() <= 0 || export.size() % Protocol.PREFERRED_BLOCK != 0) {
                throw new IllegalArgumentException("export " + export.name() + " has an impossible size: "
                        + export.size() + " bytes, not a multiple of " + Protocol.PREFERRED_BLOCK);
            }
            if (byName.putIfAbsent(export.name(), export) != null) {
                throw new IllegalArgumentException("two exports are named " + export.name());
            }
        }
        if (byName.isEmpty()) {
            throw new IllegalArgumentException("no export to serve");
        }
    }

    private static void checkText(String what, String text, Export export) {
        if (text.getBytes(StandardCharsets.UTF_8).length > Protocol.MAXIMUM_STRING || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the " + what + " of export " + export.name() + " is longer than "
                    + Protocol.MAXIMUM_STRING + " bytes or contains a NUL");
        }
    }

    /** @return null if there is none of that name */
    Export find(String name) {
        return byName.get(name.isEmpty() ? defaultName : name);
    }

    Iterable<Export> all() {
        return byName.values();
    }
}
