package dev.ramzswap.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Makes the directory that is all of ramzswap: what the launcher runs, and what the package puts into
 * {@code /usr/lib/ramzswap}. Run by Maven, with the JDK that the image is made from:
 *
 * <pre>
 * bin/ramzswap    the command
 * java.options    flags of the JVM
 * jvm/            the few modules of Java that are used
 * lib/            jars, and the native libraries out of them, which would be unpacked into /tmp at every start otherwise
 * ramzswap.aot    the AOT cache: classes as the JVM has them in memory once a daemon has warmed up
 * share/          manual pages and completion for bash, zsh and fish
 * </pre>
 */
final class RuntimeImage {
    /** What jdeps finds, without what Netty only tries: flight recorder and management. */
    private static final String MODULES = "java.base,java.logging,jdk.net,jdk.unsupported";

    /** Where lz4-java and zstd-jni keep their libraries; {@code %s} is the architecture. */
    private static final Map<String, String> NATIVE_LIBRARIES =
            Map.of("lz4-java", "net/jpountz/util/linux/%s/", "zstd-jni", "linux/%s/");

    private final Path home;

    private RuntimeImage(Path home) {
        this.home = home;
    }

    /**
     * Arguments: Maven's target directory, the source directory of the image, the time that jars shall have, and
     * docs/operation.md.
     */
    public static void main(String[] args) throws Exception {
        Path target = Path.of(args[0]);
        RuntimeImage image = new RuntimeImage(target.resolve("runtime"));
        image.linkJvm();
        image.copyCommand(Path.of(args[1]));
        image.copyJars(target, FileTime.from(Instant.parse(args[2])));
        Documents.write(image.home.resolve("share"), Path.of(args[3]));
        Training.run(image.home);
    }

    /** Takes a second or two, and is needed only if the JDK has changed. */
    private void linkJvm() throws IOException {
        Path jvm = home.resolve("jvm");
        Path mark = jvm.resolve(".made-from");
        String madeFrom = System.getProperty("java.home") + " " + Runtime.version() + " " + MODULES;
        if (Files.exists(mark) && Files.readString(mark).equals(madeFrom)) {
            return;
        }
        Trees.delete(jvm);
        // Compressed, since all of it is locked in memory with the daemon, while classes come from the AOT cache.
        // Native libraries are stripped already: --strip-debug would want objcopy for what Debian puts beside them.
        String[] arguments = {
            "--add-modules",
            MODULES,
            "--output",
            jvm.toString(),
            "--compress",
            "zip-9",
            "--strip-java-debug-attributes",
            "--exclude-files",
            "**.debuginfo",
            "--no-header-files",
            "--no-man-pages",
        };
        int status = ToolProvider.findFirst("jlink").orElseThrow().run(System.out, System.err, arguments);
        if (status != 0) {
            throw new IOException("jlink failed with status " + status);
        }
        Files.writeString(mark, madeFrom);
    }

    private void copyCommand(Path source) throws IOException {
        Files.createDirectories(home.resolve("bin"));
        for (String file : List.of("bin/ramzswap", "java.options")) {
            Trees.replace(source.resolve(file), home.resolve(file));
        }
    }

    /** The AOT cache knows jars by size and time, so the package's must have the same time. */
    private void copyJars(Path target, FileTime time) throws IOException {
        Path lib = home.resolve("lib");
        Trees.delete(lib);
        Files.createDirectories(lib);
        try (var jars = Files.newDirectoryStream(target, "nbd-server-*.jar")) {
            Trees.replace(jars.iterator().next(), lib.resolve("ramzswap.jar"));
        }
        try (var jars = Files.newDirectoryStream(target.resolve("lib"), "*.jar")) {
            for (Path jar : jars) {
                Trees.replace(jar, lib.resolve(jar.getFileName()));
                unpackLibrary(jar, lib);
            }
        }
        try (var files = Files.newDirectoryStream(lib)) {
            for (Path file : files) {
                Files.setLastModifiedTime(file, time);
            }
        }
    }

    private static void unpackLibrary(Path jar, Path lib) throws IOException {
        for (var library : NATIVE_LIBRARIES.entrySet()) {
            if (jar.getFileName().toString().startsWith(library.getKey())) {
                String directory = library.getValue().formatted(System.getProperty("os.arch"));
                try (ZipFile zip = new ZipFile(jar.toFile())) {
                    ZipEntry entry = zip.stream()
                            .filter(file -> file.getName().startsWith(directory)
                                    && file.getName().endsWith(".so"))
                            .findFirst()
                            .orElseThrow();
                    String name = entry.getName().substring(directory.length());
                    Files.copy(zip.getInputStream(entry), lib.resolve(name));
                }
            }
        }
    }
}
