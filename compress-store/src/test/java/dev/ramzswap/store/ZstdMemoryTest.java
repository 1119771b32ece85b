package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdCompressCtx;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Zstandard's tables are native memory, hundreds of KiB in one piece at high levels. */
class ZstdMemoryTest {
    private static final int WORKSPACES = 256;

    /**
     * What the compilers may take or give back meanwhile (seen: 5 and 18 MiB); the tables of all take four times that.
     */
    private static final long NOISE = 20 << 20;

    private static final int MALLINFO_FIELDS = 10;
    private static final int MAPPED = 4;
    private static final int IN_USE = 7;

    @Test
    void theFirstPageOfAWorkspaceTakesNoneThatItsMakingHasNot() throws Throwable {
        List<Workspace> workspaces = new ArrayList<>();
        ByteBuffer page = Pages.page(Pages.Kind.HALF, 1);
        try (PageStore store =
                PageStore.open(new TestConfig(WORKSPACES).codec("zstd:19").build())) {
            long begin = nativeBytes();
            for (int slot = 0; slot < WORKSPACES; slot++) {
                workspaces.add(store.workspace());
            }
            long made = nativeBytes();
            for (int slot = 0; slot < WORKSPACES; slot++) {
                assertEquals(StoreStatus.OK, store.store(slot, page, 0, workspaces.get(slot)));
            }
            long stored = nativeBytes();
            workspaces.forEach(Workspace::close);
            assertTrue(made - begin > 2 * NOISE, (made - begin) + " bytes for workspaces");
            assertTrue(stored - made < NOISE, (stored - made) + " bytes for pages");
        }
    }

    /** As where there is no memory. */
    @Test
    void aPageThatZstdFailsOnIsStoredAsItIs() throws Exception {
        ByteBuffer page = Pages.page(Pages.Kind.COMPRESSIBLE, 1);
        ByteBuffer out = Pages.buffer();
        try (PageStore store = PageStore.open(new TestConfig(1).codec("zstd").build());
                Workspace work = store.workspace()) {
            spoil(work);
            assertEquals(StoreStatus.OK, store.store(0, page, 0, work));
            assertEquals(StoreStatus.OK, store.load(0, out, 0, work));
            assertTrue(Pages.equal(page, out));
            assertEquals(1, store.counters().get(Counters.Counter.HUGE_PAGES));
        }
    }

    /** Gives it a dictionary that is none, which fails each compression. */
    private static void spoil(Workspace work) throws ReflectiveOperationException {
        Object zstd = field(Codecs.class, "zstd", field(Workspace.class, "codecs", work));
        byte[] dictionary = new byte[64];
        ByteBuffer.wrap(dictionary).putInt(0x37a430ec); // Its magic number, little-endian.
        ((ZstdCompressCtx) field(ZstdCodec.class, "compressor", zstd)).loadDict(dictionary);
    }

    private static Object field(Class<?> type, String name, Object of) throws ReflectiveOperationException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(of);
    }

    /** Bytes that malloc has given out, by mallinfo2(3). */
    @SuppressWarnings("restricted")
    private static long nativeBytes() throws Throwable {
        StructLayout layout = MemoryLayout.structLayout(MemoryLayout.sequenceLayout(MALLINFO_FIELDS, JAVA_LONG));
        Linker linker = Linker.nativeLinker();
        MethodHandle mallinfo =
                linker.downcallHandle(linker.defaultLookup().findOrThrow("mallinfo2"), FunctionDescriptor.of(layout));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = (MemorySegment) mallinfo.invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(JAVA_LONG, MAPPED) + info.getAtIndex(JAVA_LONG, IN_USE);
        }
    }
}
