package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.attach.Finding.Level;
import dev.ramzswap.daemon.Daemon;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code doctor} says of machines: first one that is all well, then with one thing changed. */
class ChecksTest {
    private static final int PRIORITY = 100;

    @TempDir
    private Path temp;

    private FakeMachine fake;

    @BeforeEach
    void machine() {
        fake = new FakeMachine(temp);
    }

    private List<Finding> findings() throws IOException, InterruptedException {
        return new Doctor(fake.machine()).examine(PRIORITY);
    }

    private Finding finding(String subject) throws IOException, InterruptedException {
        return findings().stream()
                .filter(finding -> finding.subject().equals(subject))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aGoodMachineIsSafe() throws IOException, InterruptedException {
        findings().forEach(finding -> assertEquals(Level.OK, finding.level(), finding::toString));
        assertTrue(Finding.isSafe(findings()));
        assertEquals(
                List.of(
                        "kernel",
                        "nbd module",
                        "mkswap",
                        "page size",
                        "page-cluster",
                        "min_free_kbytes",
                        "watermark_boost_factor",
                        "watermark_scale_factor",
                        "overcommit_memory",
                        "shared memory",
                        "zswap",
                        "other swap",
                        "memory",
                        "hibernation",
                        "initramfs",
                        "systemd-oomd",
                        "CAP_SYS_ADMIN",
                        "CAP_SYS_RESOURCE",
                        "locked memory"),
                findings().stream().map(Finding::subject).toList());
    }

    @Test
    void seesThatTheMachineMayHibernateToIt() throws IOException, InterruptedException {
        fake.file("/sys/power/state", "freeze mem disk");
        fake.file("/sys/power/disk", "[platform] shutdown reboot suspend test_resume");
        assertEquals(Level.WARNING, finding("hibernation").level());
        fake.file("/usr/lib/systemd/system/systemd-hibernate.service.d/ramzswap.conf", "");
        assertEquals(Level.OK, finding("hibernation").level());
        fake.remove("/usr/lib");
        for (String no : List.of("no", "NO", "False", "oFF", "0")) {
            fake.file("/etc/systemd/sleep.conf", "[Sleep]\nAllowHibernation = " + no);
            assertEquals(Level.OK, finding("hibernation").level(), no);
        }
        fake.file("/etc/systemd/sleep.conf", "[Sleep]\nAllowHibernation=Yes");
        assertEquals(Level.WARNING, finding("hibernation").level());
        fake.file("/sys/power/disk", "[disabled]"); // the kernel is locked down
        assertEquals(Level.OK, finding("hibernation").level());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/proc/sys/kernel/osrelease | 5.4.0-42-generic | kernel | PROBLEM | PR_SET_IO_FLUSHER",
                "/proc/sys/kernel/osrelease | 5.10.0 | kernel | PROBLEM | MADV_POPULATE_WRITE",
                "/proc/sys/kernel/osrelease | 6.1.0-31-amd64 | kernel | OK | WRITE_ZEROES comes with 6.12",
                "/proc/sys/kernel/osrelease | 7.0-rc1 | kernel | OK | discard and WRITE_ZEROES",
                "/proc/self/smaps | KernelPageSize: 16 kB | page size | WARNING | takes 4 slots",
                "/proc/self/smaps | KernelPageSize: 64 kB | page size | WARNING | takes 16 slots",
                "/proc/sys/vm/page-cluster | 3 | page-cluster | WARNING | 8 pages",
                "/proc/sys/vm/min_free_kbytes | 16384 | min_free_kbytes | WARNING | 16384",
                "/proc/sys/vm/min_free_kbytes | 11584 | min_free_kbytes | PROBLEM | 11584",
                "/proc/sys/vm/watermark_boost_factor | 15000 | watermark_boost_factor | PROBLEM | 15000",
                "/proc/sys/vm/watermark_scale_factor | 9 | watermark_scale_factor | WARNING | 9",
                "/proc/sys/vm/overcommit_memory | 2 | overcommit_memory | WARNING | CommitLimit",
                "/proc/sys/vm/overcommit_memory | 1 | overcommit_memory | OK | 1",
                "/proc/sys/kernel/shmmax | 33554432 | shared memory | WARNING | kernel.shmmax is 32M",
                "/proc/sys/kernel/shmall | 2097152 | shared memory | WARNING | kernel.shmall is 2097152 pages, 8G",
                "/sys/module/zswap/parameters/enabled | Y | zswap | WARNING | again",
                "/run/systemd/oom/io.systemd.ManagedOOM | socket | systemd-oomd | WARNING | 90 %",
                "/run/systemd/oom/io.system.ManagedOOM | socket | systemd-oomd | WARNING | 90 %",
                "/usr/share/initramfs-tools/hooks/resume | hook | initramfs | WARNING | each boot",
                "/proc/self/status | CapEff: 00000000a80425fb | CAP_SYS_ADMIN | PROBLEM | attach",
                "/proc/self/status | CapEff: 00000000a80425fb | CAP_SYS_RESOURCE | PROBLEM | PR_SET_IO_FLUSHER",
                "/proc/self/status | CapEff: 00000000a80425fb | locked memory | PROBLEM | CAP_IPC_LOCK",
            })
    void seesWhatIsNotAsItShouldBe(String file, String content, String subject, Level level, String text)
            throws IOException, InterruptedException {
        fake.file(file, content);
        Finding found = finding(subject);
        assertEquals(level, found.level(), found::toString);
        assertTrue(found.text().contains(text), found::toString);
        assertEquals(level == Level.OK, found.cure().isEmpty(), found::toString);
        assertEquals(level != Level.PROBLEM, Finding.isSafe(findings()));
    }

    @Test
    void mayLockMemoryByLimitInsteadOfCapability() throws IOException, InterruptedException {
        fake.file("/proc/self/status", "CapEff: 0000000000000000");
        fake.file("/proc/self/limits", "Max locked memory         unlimited            unlimited            bytes");
        assertEquals(Level.OK, finding("locked memory").level());
    }

    @Test
    void smallMachinesNeedASmallerReserveAndAnEarlierStart() throws IOException, InterruptedException {
        fake.file("/proc/meminfo", "MemTotal: 307200 kB\nMemAvailable: 102400 kB\n");
        fake.file("/proc/sys/vm/min_free_kbytes", "1000");
        assertEquals(
                "sysctl vm.min_free_kbytes=19200", finding("min_free_kbytes").cure());
        assertEquals(
                "sysctl vm.watermark_scale_factor=300",
                finding("watermark_scale_factor").cure());
        assertEquals(Level.WARNING, finding("memory").level());
        fake.file("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n");
        assertEquals(
                "sysctl vm.min_free_kbytes=32768", finding("min_free_kbytes").cure());
        assertEquals(
                "sysctl vm.watermark_scale_factor=40",
                finding("watermark_scale_factor").cure());
    }

    @Test
    void aModuleThatCanBeLoadedIsEnough() throws IOException, InterruptedException {
        fake.remove("/sys/block");
        assertEquals(Level.PROBLEM, finding("nbd module").level());
        fake.file("/lib/modules/6.12.1-amd64/modules.dep", "kernel/drivers/block/nbd.ko.xz:");
        assertEquals(Level.OK, finding("nbd module").level());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/lib/modules/6.12.2-amd64/modules.dep | x.ko: | reboot, into one of those",
                "/lib/modules/6.12.1-amd64/modules.dep | x.ko: | boot a distribution's full kernel (Debian: linux-image-amd64)",
                "/etc/passwd | root | boot a distribution's full kernel (Debian: linux-image-amd64)",
                "/etc/os-release | ID=ubuntu | apt-get install linux-modules-extra-6.12.1-amd64",
                "/proc/sys/kernel/modules_disabled | 1 | echo nbd >/etc/modules-load.d/nbd.conf, and reboot",
            })
    void saysHowAKernelComesToTheModule(String file, String content, String cure)
            throws IOException, InterruptedException {
        fake.remove("/sys/block");
        fake.file(file, content);
        Finding found = finding("nbd module");
        assertEquals(Level.PROBLEM, found.level());
        assertEquals(cure, found.cure());
    }

    /** The package of another kernel may be installed beside one that came from outside. */
    @Test
    void aKernelThatLoadsNoModulesIsNotBootedAnewForOne() throws IOException, InterruptedException {
        fake.remove("/sys/block");
        fake.remove("/proc/sys/kernel/modules_disabled");
        fake.file("/lib/modules/6.12.2-amd64/modules.dep", "kernel/drivers/block/nbd.ko.xz:");
        assertEquals(
                "boot a distribution's full kernel (Debian: linux-image-amd64)",
                finding("nbd module").cure());
    }

    @Test
    void aModuleThatIsThereIsOfNoUseWhereNoneIsLoadedAnyMore() throws IOException, InterruptedException {
        fake.file("/proc/sys/kernel/modules_disabled", "1");
        assertEquals(Level.OK, finding("nbd module").level());
        fake.remove("/sys/block");
        fake.file("/lib/modules/6.12.1-amd64/modules.dep", "kernel/drivers/block/nbd.ko.xz:");
        assertEquals(Level.PROBLEM, finding("nbd module").level());
    }

    /** As {@code unshare -Urn} shows. */
    @Test
    void rightsInAUserNamespaceAreNone() throws IOException, InterruptedException {
        for (String subject : List.of("CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "locked memory")) {
            fake.file("/proc/self/uid_map", "         0          0 4294967295");
            assertEquals(Level.OK, finding(subject).level());
            fake.file("/proc/self/uid_map", "         0       1000          1");
            assertEquals(Level.PROBLEM, finding(subject).level());
            assertTrue(
                    finding(subject).cure().startsWith("root of a user namespace"),
                    finding(subject).cure());
        }
    }

    @Test
    void aDeviceMustBeFree() throws IOException, InterruptedException {
        fake.file("/sys/block/nbd0/pid", "1");
        fake.device(10);
        assertEquals(
                "loaded, first free device /dev/nbd1", finding("nbd module").text());
        fake.file("/sys/block/nbd1/pid", "1");
        assertEquals(
                "loaded, first free device /dev/nbd10", finding("nbd module").text());
        fake.file("/sys/block/nbd10/pid", "1");
        assertEquals(Level.PROBLEM, finding("nbd module").level());
    }

    @Test
    void namesThePackageOfWhatIsMissing() throws IOException, InterruptedException {
        fake.missing.add("mkswap");
        assertEquals(
                "problem  mkswap                 not installed: apt-get install util-linux",
                finding("mkswap").toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "initramfs | /etc/initramfs-tools/conf.d/resume | RESUME=none",
                "initramfs | /etc/initramfs-tools/initramfs.conf | RESUME=UUID=4711",
                "hibernation | /etc/systemd/sleep.conf | AllowHibernation = no",
                "hibernation | /etc/systemd/sleep.conf.d/a.conf | AllowHibernation=false",
                "systemd-oomd | /etc/systemd/oomd.conf | SwapUsedLimit=100%",
            })
    void whatItAdvisesCures(String subject, String file, String content) throws IOException, InterruptedException {
        fake.file("/usr/share/initramfs-tools/hooks/resume", "hook");
        fake.file("/run/systemd/oom/io.systemd.ManagedOOM", "socket");
        fake.file("/sys/power/state", "freeze mem disk");
        fake.file("/sys/power/disk", "[platform] shutdown");
        assertEquals(Level.WARNING, finding(subject).level());
        fake.file(file, "#" + content);
        assertEquals(Level.WARNING, finding(subject).level());
        fake.file(file, content);
        assertEquals(Level.OK, finding(subject).level());
    }

    @Test
    void comparesOtherSwap() throws IOException, InterruptedException {
        fake.swaps(
                "/mnt/dev/nbd4 partition 1048576 0 200",
                "/dev/nbd3 partition 1048576 0 200",
                "/swapfile file 1048576 0 -2");
        assertEquals(Level.OK, finding("other swap").level());
        fake.swaps("/dev/zram0 partition 1048576 0 100");
        assertTrue(finding("other swap").text().startsWith("/dev/zram0, 1G, priority 100, shares all pages"));
        fake.swaps("/dev/zram0 partition 1048576 0 32767");
        assertTrue(finding("other swap").text().contains("is filled before"));
    }

    @Test
    void aDaemonMustBeProtectedWhereItSwaps() throws Exception {
        long pid = ProcessHandle.current().pid();
        try (Daemon _ = fake.serve("name=a,size=16M", "name=b,size=16M")) {
            assertEquals("protected (pid " + pid + ")", finding("daemon of a").text());
            fake.thread(pid, 77, 0x80000);
            assertEquals(Level.WARNING, finding("daemon of a").level());
            fake.swaps("/dev/nbd0 partition 1048576 0 100");
            Finding found = finding("daemon of a");
            assertEquals(Level.PROBLEM, found.level());
            assertTrue(found.text().startsWith("1 of its threads"), found::toString);
            assertFalse(Finding.isSafe(findings()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "status | VmLck: 4 kB;VmRSS: 8 kB;VmSwap: 0 kB | 4K of its 8K are locked",
                "status | VmLck: 8 kB;VmRSS: 8 kB;VmSwap: 4 kB | 4K of it are swapped out",
                "oom_score_adj | 0 | oom_score_adj is 0",
            })
    void eachProtectionOfADaemonCounts(String file, String content, String text)
            throws IOException, InterruptedException {
        fake.process(5);
        fake.file("/proc/5/" + file, content.replace(';', '\n'));
        List<Finding> found = new DaemonChecks(fake.files()).of("a", 5);
        assertEquals(1, found.size(), found::toString);
        assertEquals(Level.PROBLEM, found.getFirst().level());
        assertTrue(found.getFirst().text().startsWith(text), found::toString);
    }

    @Test
    void whatExportsMayNeedShouldBeThere() throws Exception {
        fake.file("/proc/meminfo", "MemTotal: 414720 kB\nMemAvailable: 414720 kB\n");
        fake.swaps("/dev/nbd0 partition 1048576 0 100");
        try (Daemon _ = fake.serve("name=a,size=200M,overcommit=yes", "name=b,size=1G,limit=50M,overcommit=yes")) {
            assertEquals(Level.OK, finding("daemon of a").level());
            long pid = ProcessHandle.current().pid();
            fake.file("/proc/" + pid + "/cgroup", "0::/g");
            fake.file("/sys/fs/cgroup/g/memory.max", Long.toString(300 << 20));
            assertEquals(Level.PROBLEM, finding("memory of a").level());
            assertEquals(
                    "with its exports, the daemon may need 405M, and /sys/fs/cgroup/g/memory.max allows 300M: it is stopped"
                            + " there",
                    finding("memory of a").text());
        }
        fake.remove("/sys/fs/cgroup");
        try (Daemon _ = fake.serve("name=c,size=1G")) {
            Finding found = finding("memory of c");
            assertEquals(Level.WARNING, found.level());
            assertTrue(
                    found.text().startsWith("with its exports, the daemon may need 1.1G, and the machine has 405M"),
                    found::toString);
        }
    }

    @Test
    void jsonHasTheSame() {
        assertEquals("""
                [
                  {"level": "warning", "subject": "a", "text": "b \\"c\\"", "cure": "d"}
                ]
                """, Finding.json(List.of(Finding.warning("a", "b \"c\"", "d"))));
    }
}
