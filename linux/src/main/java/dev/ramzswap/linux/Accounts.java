package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * The numbers of users and groups by their names, from wherever the machine has them (nsswitch.conf). Thread-safe.
 *
 * <pre>
 *   struct passwd (pwd.h)   char *name | char *password | uid_t | ...
 *   struct group (grp.h)    char *name | char *password | gid_t | ...
 * </pre>
 */
@SuppressWarnings("restricted") // downcalls are what this class is
public final class Accounts {
    private static final long ID = 2 * ADDRESS.byteSize();

    private static final MethodHandle GETPWNAM = call("getpwnam");
    private static final MethodHandle GETGRNAM = call("getgrnam");

    private Accounts() {}

    private static MethodHandle call(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(ADDRESS, ADDRESS));
    }

    public static OptionalInt uid(String user) {
        return find(GETPWNAM, user);
    }

    public static OptionalInt gid(String group) {
        return find(GETGRNAM, group);
    }

    /** Both functions answer in memory of their own, which the next call overwrites. */
    private static synchronized OptionalInt find(MethodHandle function, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name, StandardCharsets.UTF_8);
            MemorySegment entry = (MemorySegment) function.invokeExact(text);
            return entry.equals(MemorySegment.NULL)
                    ? OptionalInt.empty()
                    : OptionalInt.of(entry.reinterpret(ID + Integer.BYTES).get(JAVA_INT, ID));
        } catch (Throwable e) {
            throw new AssertionError("a downcall failed", e);
        }
    }
}
