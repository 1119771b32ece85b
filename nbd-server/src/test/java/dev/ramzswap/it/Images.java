package dev.ramzswap.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;

/** Makes disk images, the same ones from the same seed. */
final class Images {
    private static final int BLOCK = 1 << 16;

    /** What an image is full of. */
    enum Kind {
        /** Does not compress. */
        RANDOM,
        /** Each page compresses to about a quarter. */
        COMPRESSIBLE,
        /** One block of eight is random, the others are holes. */
        SPARSE
    }

    private Images() {}

    static Path make(Path file, Kind kind, int bytes, long seed) throws IOException {
        Random random = new Random(seed);
        byte[] block = new byte[BLOCK];
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            for (int at = 0; at < bytes; at += BLOCK) {
                random.nextBytes(block);
                if (kind == Kind.COMPRESSIBLE) {
                    for (int page = 0; page < BLOCK; page += 4096) {
                        Arrays.fill(block, page + 1024, page + 4096, block[page]);
                    }
                }
                if (kind != Kind.SPARSE || at / BLOCK % 8 == 0) {
                    channel.write(ByteBuffer.wrap(block), at);
                }
            }
            if (channel.size() < bytes) {
                channel.write(ByteBuffer.wrap(new byte[1]), bytes - 1L);
            }
        }
        return file;
    }
}
