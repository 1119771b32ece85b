package dev.ramzswap.attach;

import dev.ramzswap.linux.ProcessId;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a device is attached to, as text that the kernel keeps with the device (NBD_ATTR_BACKEND_IDENTIFIER) and shows
 * in {@code /sys/block/nbdN/backend}: {@code ramzswap:EXPORT:IDENTITY:CONNECTIONS:PID:START}. The kernel takes a new
 * connection for a device only from who says the same text. It is all that a daemon must know to give a device its
 * connections back, and lies where no memory can be swapped out, unlike a file in {@code /run}.
 *
 * <p>A daemon that takes over must know the text: whoever changes it gives the state another version (CountersHead, and
 * the package's preinst).
 *
 * @param identity of the export's store: one that begins anew, empty, has another
 * @param connections how many the device has
 * @param attacher the process that attached it, as the daemon knows it from the first connections, which that one made;
 *     not the kernel's {@code pid}, which is a thread's
 */
record Backend(String export, long identity, int connections, ProcessId attacher) {
    private static final Pattern FORM =
            Pattern.compile("ramzswap:([^:]+):([0-9a-f]{16}):(\\d{1,4}):(\\d{1,9}):(\\d{1,18})");

    /** Nothing for text that is not ours. */
    static Optional<Backend> parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        return Optional.of(new Backend(
                form.group(1),
                Long.parseUnsignedLong(form.group(2), 16),
                Integer.parseInt(form.group(3)),
                new ProcessId(Integer.parseInt(form.group(4)), Long.parseLong(form.group(5)))));
    }

    /** Whether it is of that export with these pages. */
    boolean isOf(String otherExport, long otherIdentity) {
        return export.equals(otherExport) && identity == otherIdentity;
    }

    @Override
    public String toString() {
        return "ramzswap:" + export + ":" + HexFormat.of().toHexDigits(identity) + ":" + connections + ":"
                + attacher.pid() + ":" + attacher.start();
    }
}
