package dev.ramzswap.it;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Command lines of fio's nbd engine: random writes of pages, each with a header and a checksum, and their reading back.
 */
final class Fio {
    private Fio() {}

    /**
     * Writes every page of a device once, in random order, and verifies them.
     *
     * @param jobs that share the device, each with a connection of its own
     * @param compressible percent
     */
    static Object[] writeAndVerify(String uri, int bytes, int jobs, int compressible) {
        // To fio, data of 100 % is as random as of 0 %; a pattern is what compresses to nothing but the header.
        String content = compressible == 100 ? "--verify_pattern=0x5a" : "--buffer_compress_percentage=" + compressible;
        return command(
                uri,
                "--rw=randwrite",
                "--size=" + bytes / jobs,
                "--offset_increment=" + bytes / jobs,
                "--numjobs=" + jobs,
                content,
                "--verify=crc32c",
                "--verify_fatal=1");
    }

    /** Writes and verifies again and again, for a time. */
    static Object[] writeAndVerify(String uri, int bytes, int jobs, int compressible, int seconds) {
        List<Object> words = new ArrayList<>(List.of(writeAndVerify(uri, bytes, jobs, compressible)));
        Collections.addAll(words, "--time_based", "--runtime=" + seconds);
        return words.toArray();
    }

    private static Object[] command(String uri, Object... more) {
        List<Object> words = new ArrayList<>(List.of(
                "fio", "--name=it", "--ioengine=nbd", "--uri=" + uri, "--bs=4k", "--iodepth=32", "--group_reporting"));
        Collections.addAll(words, more);
        return words.toArray();
    }
}
