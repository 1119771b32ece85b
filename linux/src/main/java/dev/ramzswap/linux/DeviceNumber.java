package dev.ramzswap.linux;

/**
 * The number of a device, as stat(2) has it.
 *
 * @param value include/linux/kdev_t.h, huge_encode_dev, as glibc's dev_t has it
 */
public record DeviceNumber(long value) {
    public long major() {
        return value >>> 8 & 0xfff | value >>> 32 & ~0xfffL;
    }

    public long minor() {
        return value & 0xff | value >>> 12 & ~0xffL;
    }
}
