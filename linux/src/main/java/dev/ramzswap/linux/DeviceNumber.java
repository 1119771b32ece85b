package dev.ramzswap.linux;

import java.nio.file.Path;

/**
 * The number of a device, as stat(2) has it.
 *
 * @param value include/linux/kdev_t.h, huge_encode_dev, as glibc's dev_t has it
 */
public record DeviceNumber(long value) {
    /** Where a block device of that number is told of, if there is one. @param sys {@code /sys}, or a made-up tree */
    public Path in(Path sys) {
        return sys.resolve("dev/block").resolve(major() + ":" + minor());
    }

    public long major() {
        return value >>> 8 & 0xfff | value >>> 32 & ~0xfffL;
    }

    public long minor() {
        return value & 0xff | value >>> 12 & ~0xffL;
    }
}
