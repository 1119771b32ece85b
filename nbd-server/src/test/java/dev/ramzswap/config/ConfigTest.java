package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
    private static final Host HOST = new Host(8L << 30, 1000, Map.of("XDG_RUNTIME_DIR", "/run/user/1000"));

    private static Config config(String... pairs) throws ConfigException {
        return config(HOST, pairs);
    }

    private static Config config(Host host, String... pairs) throws ConfigException {
        return Config.of(TestSettings.of(pairs), host);
    }

    private static String error(String... pairs) {
        return assertThrows(ConfigException.class, () -> config(pairs)).getMessage();
    }

    @Test
    void sizeAloneIsEnough() throws ConfigException {
        Config config = config("size=1G");
        var expected = new ExportConfig(
                "swap0",
                1L << 30,
                StoreConfig.NO_LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.empty(),
                false,
                false,
                AllowList.of(Set.of(), Set.of(), HOST));
        assertEquals(List.of(expected), config.exports());
        assertEquals(Optional.of(Path.of("/run/user/1000/ramzswap/swap0.sock")), config.socket());
        assertTrue(config.listen().isEmpty());
        assertTrue(config.stateDir().isEmpty());
    }

    @Test
    void noLimitCanBeSaid() throws ConfigException {
        assertEquals(
                StoreConfig.NO_LIMIT,
                config("size=1G", "limit=none").exports().getFirst().limit());
    }

    @Test
    void everyKeyArrives() throws ConfigException {
        Config config = config(
                "socket=/run/s.sock",
                "listen=[::1]:10809",
                "state-dir=/run/state",
                "export=name=a,size=1G,limit=256M,codec=zstd:3,backing-file=/var/a,backing-size=512M,encrypt=no,"
                        + "cutoff=50%,overcommit=yes,read-only=true",
                "export=name=b,size=2G");
        ExportConfig a = config.exports().getFirst();
        assertEquals("a", a.name());
        assertEquals(256L << 20, a.limit());
        assertEquals(CodecSpec.parse("zstd:3"), a.codec());
        assertEquals(
                new StoreConfig.Backing(Path.of("/var/a"), 512L << 20, false),
                a.backing().orElseThrow());
        assertEquals(2048, a.cutoff());
        assertTrue(a.overcommit());
        assertTrue(a.readOnly());
        ExportConfig b = config.exports().getLast();
        assertEquals(2L << 30, b.size());
        assertFalse(b.readOnly());
        assertEquals("[0:0:0:0:0:0:0:1]:10809", config.listenText().orElseThrow());
        assertEquals((1L << 30) / 4096, a.store(config).slots());
        assertEquals(Optional.of(Path.of("/run/state")), a.store(config).stateDir());
    }

    private static String errorInGroup(String... pairs) {
        Host host = Host.of(8L << 30, Optional.of(new CgroupLimit(300 << 20, "/g/memory.max")), 0, Map.of());
        return assertThrows(ConfigException.class, () -> config(host, pairs)).getMessage();
    }

    /** Else the daemon would be stopped there, and it cannot be killed. */
    @Test
    void aDaemonThatAKernelSwapsOnMustFitIntoItsControlGroup() {
        assertEquals(
                "--limit: 800M is more than the 300M of memory that /g/memory.max allows: give less, or raise that",
                errorInGroup("size=1G", "limit=800M", "swap=yes"));
        assertEquals(
                "--size: without a limit, 1G can need more than the 300M of memory that /g/memory.max allows: add a limit"
                        + " and a backing file, or raise that",
                errorInGroup("size=1G", "swap=yes"));
        assertEquals(
                "--export: the limits add up to 400M, more than the 300M of memory that /g/memory.max allows: give less,"
                        + " or raise that",
                errorInGroup("export=name=a,size=200M", "export=name=b,size=1G,limit=200M", "swap=yes"));
    }

    /** The JVM and its connections are charged to the group like the pages. */
    @Test
    void soMustWhatTheDaemonItselfNeeds() throws ConfigException {
        assertEquals(
                "--limit: 300M and the 127M that the daemon itself needs are more than the 300M of memory that"
                        + " /g/memory.max allows: give less, or raise that",
                errorInGroup("size=1G", "limit=300M", "overcommit=yes", "swap=yes"));
        assertEquals(
                "--size: 200M and the 127M that the daemon itself needs are more than the 300M of memory that"
                        + " /g/memory.max allows: give less, or raise that",
                errorInGroup("size=200M", "swap=yes"));
        assertEquals(
                "--export: 200M and the 155M that the daemon itself needs are more than the 300M of memory that"
                        + " /g/memory.max allows: give less, or raise that",
                errorInGroup("export=name=a,size=100M", "export=name=b,size=1G,limit=100M", "swap=yes"));
        Host host = Host.of(8L << 30, Optional.of(new CgroupLimit(300 << 20, "/g/memory.max")), 0, Map.of());
        assertEquals(
                173L << 20,
                config(host, "size=173M", "swap=yes").exports().getFirst().size());
        var memory = new MemoryCheck(host, true);
        memory.higherLimit(173L << 20, 1L << 30, 0, 1);
        memory.higherLimit(StoreConfig.NO_LIMIT, 173L << 20, 0, 1);
        assertEquals(
                "limit: 174M and the 127M that the daemon itself needs are more than the 300M of memory that"
                        + " /g/memory.max allows: give less, or raise that",
                assertThrows(ConfigException.class, () -> memory.higherLimit(74L << 20, 1L << 30, 100 << 20, 1))
                        .getMessage());
        new MemoryCheck(host, false).higherLimit(300L << 20, 1L << 30, 1 << 20, 1);
    }

    @Test
    void anotherDaemonNeedNotFitIntoItsControlGroup() throws ConfigException {
        Host host = Host.of(8L << 30, Optional.of(new CgroupLimit(300 << 20, "/g/memory.max")), 0, Map.of());
        assertEquals(300 << 20, host.memory());
        assertEquals(
                800L << 20,
                config(host, "size=1G", "limit=800M").exports().getFirst().limit());
        Host wide = Host.of(8L << 30, Optional.of(new CgroupLimit(9L << 30, "/g/memory.max")), 0, Map.of());
        assertEquals(new Host(8L << 30, 0, Map.of()), wide);
    }

    @Test
    void aDeviceIsAsLargeAsCanBe() throws ConfigException {
        assertEquals(7L << 40, config("size=7T").exports().getFirst().size());
        assertEquals(
                900L << 30, config("size=900G", "swap=yes").exports().getFirst().size());
    }

    @Test
    void tcpAloneNeedsNoSocket() throws ConfigException {
        assertTrue(config("size=1G", "listen=127.0.0.1:10809").socket().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "limit=256M | --size: missing: say how large the device is, as in --size 1G",
                "size=0 | --size: 0 is too small: one page, 4096 bytes, is the least",
                "size=-5 | --size: '-5' is not a size: write one such as 512M, 1.5G, 4G, 50% or min(ram/2, 8G)",
                "size=7.1T | --size: 7.1T is too large: 7T is the most",
                "size=1G limit=9T | --limit: 9T is too large: 8T is the most",
                "size=1.2T swap=yes | --size: to swap on 1.2T takes 2.5G of memory from the start, more than a quarter of the 8G"
                        + " of memory that this machine has: give less",
                "export=name=a,size=1T export=name=b,size=512G swap=yes | --export: to swap on 1.5T takes 3.1G of memory from"
                        + " the start, more than a quarter of the 8G of memory that this machine has: give less",
                "size=9G swap=yes reserve=yes | --reserve: export swap0 has no limit, and would take more than the 8G of memory"
                        + " that this machine has: give it one",
                "size=1G limit=9G | --limit: 9G is more than the 8G of memory that this machine has: give less",
                "size=1G codec=gzip | --codec: 'gzip' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19",
                "size=1G codec=zstd:20 | --codec: 'zstd:20' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19",
                "size=1G name=a/b | --name: 'a/b' is not a name: use 1 to 64 letters, digits, '.', '_' or '-', of which the first is neither '.' nor '-', as in swap0",
                "size=1G name=..  | --name: '..' is not a name: use 1 to 64 letters, digits, '.', '_' or '-', of which the first is neither '.' nor '-', as in swap0",
                "size=1G cutoff=101% | --cutoff: '101%' is not a part of a page: give 1 to 4096 bytes, or a percentage such as 75%",
                "size=1G cutoff=0 | --cutoff: '0' is not a part of a page: give 1 to 4096 bytes, or a percentage such as 75%",
                "size=1G encrypt=no | --no-encrypt: there is no backing file: give backing-file as well",
                "size=1G backing-size=1G | --backing-size: there is no backing file: give backing-file as well",
                "size=1G backing-file= | --backing-file: the path is empty: give one",
                "size=1G backing-file=/ | --backing-file: '/' is the root directory: give the path of a file",
                "size=1G backing-file=/x/.. | --backing-file: '/x/..' is the root directory: give the path of a file",
                "size=1G socket=/.. | --socket: '/..' is the root directory: give the path of a file",
                "size=1G listen=10809 | --listen: '10809' is not HOST:PORT: write one such as 127.0.0.1:10809",
                "size=1G listen=127.0.0.1:0 | --listen: port 0 does not exist: give one from 1 to 65535",
                "size=1G listen=127.0.0.1:70000 | --listen: port 70000 does not exist: give one from 1 to 65535",
                "size=1G listen=300.0.0.1:1 | --listen: '300.0.0.1' is no address: give one such as 127.0.0.1 or [::1]",
                "size=1G listen=[12345::]:1 | --listen: '[12345::]' is no address: give one such as 127.0.0.1 or [::1]",
                "size=1G export=size=1G | --size: describes the only export, and there are others by --export or [export NAME]:"
                        + " move it into one of them",
                "export=name=a | --export: export a has no size: add one, as in size=1G",
                "export=name=a,size=1G export=name=a,size=1G | --export: two exports have the name 'a': give each its own",
                "export=size=1G export=name=a,size=1G | --export: one of several exports has no name: add name=swap1",
                "export=size | --export: 'size' is not key=value: write name=swap0,size=1G",
                "export==1G | --export: '=1G' is not key=value: write name=swap0,size=1G",
                "export=size=1G,size=2G | --export size: given twice, '1G' and '2G': give it once",
                "export=size=1G,limit=x | --export limit: 'x' is not a size: write one such as 512M, 1.5G, 4G, 50% or min(ram/2, 8G)",
                "export=name=a,size=1G,limit=9G | limit of a: 9G is more than the 8G of memory that this machine has: give less",
                "export=size=1G,read-only=on | --export read-only: 'on' is neither yes nor no: write one of them",
                "export=name=a,size=1G,limit=5G export=name=b,size=1G,limit=5G | --export: the limits add up to 10G, more"
                        + " than the 8G of memory that this machine has: give less",
                "size=1G listen=0.0.0.0:1 | --listen: other machines can reach 0.0.0.0:1: add --tls-cert, --tls-key and --tls-ca, so"
                        + " that only clients with a certificate are served, or --insecure to serve anybody",
                "size=1G listen=[::]:1 tls-cert=/c tls-key=/k | --listen: other machines can reach [0:0:0:0:0:0:0:0]:1: add"
                        + " --tls-cert, --tls-key and --tls-ca, so that only clients with a certificate are served, or"
                        + " --insecure to serve anybody",
                "size=1G listen=0.0.0.0:1 tls-cert=/c tls-key=/k tls-ca=/a listen-tls=offered | --listen: other machines can reach"
                        + " 0.0.0.0:1: add --tls-cert, --tls-key and --tls-ca, so that only clients with a certificate"
                        + " are served, or --insecure to serve anybody",
                "size=1G tls-cert=/c | --tls-cert: TLS needs a certificate and its private key: give --tls-cert and --tls-key",
                "size=1G tls-ca=/c | --tls-ca: TLS needs a certificate and its private key: give --tls-cert and --tls-key",
                "size=1G socket-tls=off | --socket-tls: TLS needs a certificate and its private key: give --tls-cert and --tls-key",
                "size=1G tls-cert=/c tls-key=/k listen-tls=on | --listen-tls: 'on' is none of off, offered and required: write"
                        + " one of them",
                "size=1G swap=yes tls-cert=/c tls-key=/k | --tls-cert: not with --swap: TLS allocates memory and takes locks on the"
                        + " way of a page, so the kernel could wait for itself, and a swap device is local: use a Unix"
                        + " socket",
                "size=1G allow-users=nobody-at-all | --allow-users: there is no user 'nobody-at-all': give names or numbers, as in"
                        + " alice,1000",
                "export=name=a,size=1G,backing-file=/f export=name=b,size=1G,backing-file=/x/../f | --backing-file: exports a and b"
                        + " both have /f: give each its own",
            })
    void refusesInOneLineWithFlagCauseAndCure(String pairs, String message) {
        assertEquals(message, error(pairs.strip().split(" ")));
    }

    @Test
    void otherMachinesAreServedWithCertificatesOrByWish() throws ConfigException {
        assertTrue(config("size=1G", "listen=0.0.0.0:1", "tls-cert=/c", "tls-key=/k", "tls-ca=/a")
                .tls()
                .isPresent());
        assertTrue(config("size=1G", "listen=0.0.0.0:1", "insecure=yes").tls().isEmpty());
    }

    @Test
    void eachExportHasItsUsers() throws ConfigException {
        Config config = config("export=name=a,size=1G,allow-users=nobody 12", "export=name=b,size=1G");
        assertTrue(config.exports().getFirst().allowed().uids().containsAll(AllowList.users("nobody,12,0,1000")));
        assertEquals(
                AllowList.users("0,1000"), config.exports().getLast().allowed().uids());
    }

    /** Whose memory has become less since. */
    @Test
    void aPartOfTheMemoryIsWhatTheFirstDaemonTookForIt(@TempDir Path state) throws Exception {
        String[] pairs = {"size=50%", "state-dir=" + state};
        Config first = config(pairs);
        assertEquals(4L << 30, first.exports().getFirst().size());
        PageStore store = PageStore.open(first.exports().getFirst().store(first));
        Host less = new Host(7L << 30, 1000, HOST.variables());
        assertEquals(4L << 30, config(less, pairs).exports().getFirst().size());
        store.discard();
        assertEquals(7L << 29, config(less, pairs).exports().getFirst().size());
    }

    /** An upgrade reckons otherwise than the daemon that serves them, and a group may be given less. */
    @Test
    void memoryThatPagesHaveAlreadyIsNotRefused(@TempDir Path state) throws Exception {
        String[] pairs = {"size=4G", "limit=512M", "overcommit=yes", "state-dir=" + state};
        Config first = config(pairs);
        String[] swap = Stream.concat(Stream.of(pairs), Stream.of("swap=yes")).toArray(String[]::new);
        assertTrue(errorInGroup(swap).startsWith("--limit: 512M is more than the 300M"));
        PageStore store = PageStore.open(first.exports().getFirst().store(first));
        Host group = Host.of(8L << 30, Optional.of(new CgroupLimit(300 << 20, "/g/memory.max")), 0, Map.of());
        assertEquals(512L << 20, config(group, swap).exports().getFirst().limit());
        assertEquals(
                4L << 30,
                config(new Host(16 << 20, 0, Map.of()), swap)
                        .exports()
                        .getFirst()
                        .size());
        store.discard();
        assertTrue(errorInGroup(swap).startsWith("--limit: 512M is more than the 300M"));
    }

    @Test
    void unknownKeysAreNamed() {
        assertTrue(error("export=size=1G,sise=2G").startsWith("--export sise: is not a key: an export has name, size"));
        assertTrue(error("export=size=1G,socket=/s").startsWith("--export socket: belongs to the daemon"));
    }

    @Test
    void pathsOfSocketsAreShort() {
        assertTrue(error("size=1G", "socket=/" + "x".repeat(107)).contains("108 bytes"));
    }

    @Test
    void summaryNamesWhatIsUnusual() throws ConfigException {
        Config config = config("export=name=a,size=1G,limit=256M,backing-file=/var/a,encrypt=no,overcommit=yes");
        assertEquals(
                "export a: 1G, lz4, limit 256M, backing file /var/a (not encrypted), overcommitted",
                config.exports().getFirst().summary());
    }

    /** The variables of sd_listen_fds(3), by which a process hears of sockets that it was passed. */
    private static Host passed(long pid, String count) {
        return new Host(8L << 30, 1000, Map.of("LISTEN_PID", Long.toString(pid), "LISTEN_FDS", count));
    }

    @Test
    void aSocketThatIsPassedStandsForTheDefaultOne() throws ConfigException {
        long own = ProcessHandle.current().pid();
        Config alone = config(passed(own, "1"), "size=1G");
        assertTrue(alone.isSocketPassed());
        assertTrue(alone.socket().isEmpty());
        Config beside = config(passed(own, "1"), "size=1G", "socket=/run/s");
        assertTrue(beside.isSocketPassed());
        assertTrue(beside.socket().isPresent());
        for (Host host : List.of(passed(own + 1, "1"), passed(own, "0"), HOST)) {
            assertFalse(config(host, "size=1G").isSocketPassed());
            assertTrue(config(host, "size=1G").socket().isPresent());
        }
    }

    @Test
    void socketsThatCannotBeTakenAreRefused() {
        long own = ProcessHandle.current().pid();
        assertRefused("LISTEN_FDS: 2 sockets were passed", passed(own, "2"), "size=1G");
        assertRefused("--swap: the next daemon", passed(own, "1"), "size=1G", "swap=yes");
    }

    private static void assertRefused(String reason, Host host, String... pairs) {
        String message =
                assertThrows(ConfigException.class, () -> config(host, pairs)).getMessage();
        assertTrue(message.startsWith(reason), message);
    }

    @Test
    void aRuntimeDirectoryMustHaveRoomForTheNamesOfSockets() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "16M");
        settings.flag("socket", "/run/s.sock");
        String longest = "/run/" + "x".repeat(107 - "/run//4194304.warm-up.control".length());
        var fits = new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, longest));
        assertEquals(Path.of("/run/s.sock"), Config.of(settings, fits).socket().orElseThrow());
        assertRefused(
                "a socket in the runtime directory: the path has 108 bytes, and a Unix socket's may have 107: give a"
                        + " shorter one with RAMZSWAP_RUNTIME_DIR",
                new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, longest + "x")),
                "size=16M");
        assertRefused(
                "a socket in the runtime directory: the path has a control character: give another with"
                        + " RAMZSWAP_RUNTIME_DIR",
                new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, "/run/a\nb")),
                "size=16M");
    }
}
