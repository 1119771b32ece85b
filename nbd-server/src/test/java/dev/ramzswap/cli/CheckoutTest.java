package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher in a checkout where Maven, the JDK and apt-get are scripts that say what they were called with. */
class CheckoutTest {
    private static final String BUILD = """
            echo "built with ${JAVA_HOME:-no JDK} ${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-} ${CLASSPATH:-}" >>"$root/log"
            mkdir -p "$root/nbd-server/target/runtime/bin"
            cp "$root/command" "$root/nbd-server/target/runtime/bin/ramzswap"
            """;

    @TempDir
    private Path temp;

    private Path checkout;

    @BeforeEach
    void fill() throws IOException {
        checkout = Files.createDirectory(temp.resolve("checkout"));
        Files.copy(Path.of("../ramzswap"), checkout.resolve("ramzswap"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createDirectories(checkout.resolve("nbd-server/src/main"));
        Files.createDirectories(checkout.resolve("nbd-server/src/runtime"));
        Files.createDirectory(checkout.resolve("docs"));
        Files.createFile(checkout.resolve("docs/operation.md"));
        Files.createFile(checkout.resolve("pom.xml"));
        Files.createFile(checkout.resolve("nbd-server/pom.xml"));
        script("mvnw", BUILD);
        script("command", "echo \"run with ${JAVA_HOME:-no JDK}\"");
        script("jdk/bin/javac", "");
        Files.writeString(checkout.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
    }

    private void script(String name, String text) throws IOException {
        Path file = checkout.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\nset -eu\nroot='" + checkout + "'\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String launch(Map<String, String> variables, int status, String... words) throws Exception {
        return run(
                variables,
                status,
                Stream.concat(Stream.of(checkout.resolve("ramzswap").toString()), Stream.of(words)));
    }

    private String run(Map<String, String> variables, int status, Stream<String> words) throws Exception {
        var builder = new ProcessBuilder(words.toList())
                .redirectError(temp.resolve("err").toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_HOME", "RAMZSWAP_BUILD", "MAVEN_OPTS"));
        builder.environment().putAll(variables);
        Process process = builder.start();
        String out = process.inputReader().readAllAsString();
        assertEquals(status, process.waitFor(), () -> out + error());
        return out;
    }

    private String error() {
        try {
            return Files.readString(temp.resolve("err"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Map<String, String> withJdk() {
        return Map.of(
                "JAVA_HOME", checkout.resolve("jdk").toString(),
                "JAVA_TOOL_OPTIONS", "-tool",
                "JDK_JAVA_OPTIONS", "-jdk",
                "CLASSPATH", "/classes");
    }

    @Test
    void onlyTheBuildNeedsAJdkAndItGetsNoOptionsOfOtherPrograms() throws Exception {
        launch(withJdk(), 0, "status");
        assertEquals(
                List.of("built with " + checkout.resolve("jdk")),
                Files.readAllLines(checkout.resolve("log")).stream()
                        .map(String::strip)
                        .toList());
        assertEquals("run with no JDK\n", launch(Map.of(), 0, "status"), "nothing is stale");
        Files.setLastModifiedTime(
                checkout.resolve("docs/operation.md"),
                FileTime.from(Instant.now().plusSeconds(3600)));
        launch(withJdk(), 0, "status");
        assertEquals(2, Files.readAllLines(checkout.resolve("log")).size(), "the manual's pages are stale");
    }

    @Test
    void whatRootBuildsInTheCheckoutOfAUserIsTheUsers() throws Exception {
        giveAway();
        launch(withJdk(), 0, "status");
        assertAllIsTheUsers();
    }

    /** As ^C does it: every process of the build is told to end. */
    @ParameterizedTest
    @ValueSource(strings = {"HUP", "INT", "QUIT", "TERM"})
    void andSoItIsIfTheBuildIsInterrupted(String signal) throws Exception {
        script("mvnw", BUILD + "kill -" + signal + " 0");
        giveAway();
        // Whom a shell has started in the background, as these tests may be, ignores INT and QUIT.
        String launcher = checkout.resolve("ramzswap").toString();
        Stream<String> words = Stream.of("env", "--default-signal", "setsid", "--wait", launcher, "bench");
        run(withJdk(), 1, words);
        assertAllIsTheUsers();
    }

    private void giveAway() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can be in its own way");
        assertEquals(
                0,
                new ProcessBuilder("chown", "-R", "4711:4712", checkout.toString())
                        .start()
                        .waitFor());
    }

    private void assertAllIsTheUsers() throws IOException {
        try (var files = Files.walk(checkout)) {
            for (Path file : files.toList()) {
                assertEquals(4711, Files.getAttribute(file, "unix:uid"), file.toString());
                assertEquals(4712, Files.getAttribute(file, "unix:gid"), file.toString());
            }
        }
    }

    @Test
    void whoMayNotBuildRunsWhatIsBuilt() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can be somebody else");
        Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
        runAsAnother(1);
        String told = "ramzswap: not built yet, and you may not write to " + checkout + "/nbd-server/target: ";
        assertTrue(error().startsWith(told), this::error);
        launch(withJdk(), 0, "status");
        Files.setLastModifiedTime(
                checkout.resolve("docs/operation.md"),
                FileTime.from(Instant.now().plusSeconds(3600)));
        assertEquals("run with no JDK\n", runAsAnother(0));
        assertTrue(error().startsWith("ramzswap: what was built before runs, "), this::error);
    }

    private String runAsAnother(int status) throws Exception {
        String launcher = checkout.resolve("ramzswap").toString();
        return run(Map.of(), status, Stream.of("setpriv", "--reuid=4711", "--clear-groups", launcher, "status"));
    }

    @Test
    void aptGetThatIsAtWorkAlreadyIsWaitedFor() throws Exception {
        script("bin/dpkg-query", "exit 1");
        script("bin/apt-get", "echo \"$*\" >>\"$root/log\"; exit 1");
        script("bin/sudo", "exec \"$@\"");
        String path = checkout.resolve("bin") + ":" + System.getenv("PATH");
        launch(Map.of("JAVA_HOME", checkout.resolve("jdk").toString(), "PATH", path), 1, "test");
        List<String> calls = Files.readAllLines(checkout.resolve("log"));
        assertEquals(2, calls.size(), calls::toString);
        assertTrue(calls.stream().allMatch(call -> call.startsWith("-o DPkg::Lock::Timeout=600 ")), calls::toString);
    }

    /** On a machine that has just been installed, apt-daily.service runs it, and there are no lists yet. */
    @Test
    void listsThatAreBeingReadAlreadyAreWaitedFor() throws Exception {
        script("bin/dpkg-query", "exit 1");
        script("bin/apt-get", """
                echo "$*" >>"$root/log"
                case $* in
                *install*)
                    [ -e "$root/lists" ] ;;
                *)
                    [ "$(grep -c update "$root/log")" -gt 2 ] || {
                        echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)" >&2
                        exit 100
                    }
                    touch "$root/lists" ;;
                esac
                """);
        script("bin/sudo", "exec \"$@\"");
        script("bin/sleep", "echo \"sleep $*\" >>\"$root/log\"");
        script("mvnw", "exit 1"); // the tests themselves are none of this
        String path = checkout.resolve("bin") + ":" + System.getenv("PATH");
        launch(Map.of("JAVA_HOME", checkout.resolve("jdk").toString(), "PATH", path), 1, "test");
        List<String> calls = Files.readAllLines(checkout.resolve("log")).stream()
                .map(call -> call.replaceAll(".* (install|update).*", "$1"))
                .toList();
        assertEquals(
                List.of("install", "update", "sleep 5", "update", "sleep 5", "update", "install"), calls, this::error);
    }

    /** Anybody who may list the checkout can lock its directory, for ever. */
    @Test
    void whatOthersCanLockHoldsNoBuildUp() throws Exception {
        Process holder =
                new ProcessBuilder("flock", checkout.toString(), "sh", "-c", "echo held; exec sleep 60").start();
        try (var said = holder.inputReader()) {
            assertEquals("held", said.readLine());
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> launch(withJdk(), 0, "status"));
        } finally {
            holder.descendants().forEach(ProcessHandle::destroyForcibly);
            holder.destroyForcibly().waitFor();
        }
        assertEquals(
                "rw-------",
                PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(checkout.resolve("nbd-server/target/.lock"))));
    }
}
