package dev.ramzswap.it;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Command lines of fio's nbd engine: random writes, each with a header and a checksum, and their reading back. */
final class Fio {
    private static final String HALF = "--buffer_compress_percentage=50";

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
        return verified(uri, bytes, jobs, "--rw=randwrite", content);
    }

    /** Writes and verifies again and again, for a time. */
    static Object[] writeAndVerify(String uri, int bytes, int jobs, int compressible, int seconds) {
        List<Object> words = new ArrayList<>(List.of(writeAndVerify(uri, bytes, jobs, compressible)));
        Collections.addAll(words, "--time_based", "--runtime=" + seconds);
        return words.toArray();
    }

    /** Writes and verifies blocks of any length at any offset. */
    static Object[] writeAndVerifyUnaligned(String uri, int bytes, int jobs) {
        return verified(uri, bytes, jobs, "--rw=randwrite", HALF, "--bsrange=512-64k", "--bs_unaligned");
    }

    /** Trims blocks and writes some of them then, and verifies what was written. */
    static Object[] trimAndWrite(String uri, int bytes, int jobs) {
        return verified(uri, bytes, jobs, "--rw=randtrimwrite", HALF);
    }

    /** Writes one half of the device and verifies it, while as many other jobs trim all of the other half. */
    static Object[] writeBesideTrims(String uri, int bytes, int jobs) {
        List<Object> words = new ArrayList<>(List.of(verified(uri, bytes / 2, jobs, "--rw=randwrite", HALF)));
        words.addAll(job("trims", uri, bytes / 2, jobs));
        Collections.addAll(words, "--offset=" + bytes / 2, "--rw=randtrim");
        return words.toArray();
    }

    private static Object[] verified(String uri, int bytes, int jobs, Object... more) {
        List<Object> words = new ArrayList<>(List.of("fio", "--group_reporting"));
        words.addAll(job("verified", uri, bytes, jobs));
        Collections.addAll(words, "--verify=crc32c", "--verify_fatal=1");
        Collections.addAll(words, more);
        return words.toArray();
    }

    private static List<Object> job(String name, String uri, int bytes, int jobs) {
        return List.of(
                "--name=" + name,
                "--ioengine=nbd",
                "--uri=" + uri,
                "--bs=4k",
                "--iodepth=32",
                "--size=" + bytes / jobs,
                "--offset_increment=" + bytes / jobs,
                "--numjobs=" + jobs);
    }
}
