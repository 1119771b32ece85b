package dev.ramzswap.backing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A small file system of a disk for one test. Only root can mount one; for others the test is skipped. */
public final class DiskImage implements AfterEachCallback {
    private final LoopDevice loop = new LoopDevice();
    private Path mounted;
    private boolean isFrozen;

    /**
     * One that keeps what it has allocated when the rest finds no room.
     *
     * @param type ext2 or ext4
     * @param reservedPercent what of it is kept for root
     */
    Path mountExt(String type, long bytes, int reservedPercent) throws IOException, InterruptedException {
        return mount(type, bytes, "-b", "4096", "-m", "" + reservedPercent, "-O", "^has_journal");
    }

    public Path mount(String type, long bytes, String... options) throws IOException, InterruptedException {
        String device = loop.make(bytes).toString();
        var command = new ArrayList<>(List.of("mkfs." + type, "-q"));
        command.addAll(List.of(options));
        command.add(device);
        LoopDevice.run(command.toArray(String[]::new));
        Path directory = Files.createTempDirectory(type);
        LoopDevice.run("mount", device, directory.toString());
        mounted = directory;
        return mounted;
    }

    /** Has whoever changes anything wait, whom no signal ends meanwhile: a disk that does not answer. */
    public void freeze() throws IOException, InterruptedException {
        LoopDevice.run("fsfreeze", "--freeze", mounted.toString());
        isFrozen = true;
    }

    /** Does nothing if it is not frozen. */
    public void thaw() throws IOException, InterruptedException {
        if (isFrozen) {
            isFrozen = false;
            LoopDevice.run("fsfreeze", "--unfreeze", mounted.toString());
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        thaw();
        if (mounted != null) {
            LoopDevice.run("umount", mounted.toString());
            Files.delete(mounted);
        }
        loop.afterEach(context);
    }
}
