package dev.ramzswap.backing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A small file system of a disk for one test: one that keeps what it has allocated when the rest finds no room. Only
 * root can mount one; for others the test is skipped.
 */
final class Ext4Image implements AfterEachCallback {
    private final LoopDevice loop = new LoopDevice();
    private Path mounted;

    Path mount(long bytes) throws IOException, InterruptedException {
        return mount(bytes, "ext4", 0);
    }

    /**
     * @param type ext2 or ext4
     * @param reservedPercent what of it is kept for root
     */
    Path mount(long bytes, String type, int reservedPercent) throws IOException, InterruptedException {
        String device = loop.make(bytes).toString();
        LoopDevice.run("mkfs." + type, "-q", "-b", "4096", "-m", "" + reservedPercent, "-O", "^has_journal", device);
        Path directory = Files.createTempDirectory(type);
        LoopDevice.run("mount", device, directory.toString());
        mounted = directory;
        return mounted;
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        if (mounted != null) {
            LoopDevice.run("umount", mounted.toString());
            Files.delete(mounted);
        }
        loop.afterEach(context);
    }
}
