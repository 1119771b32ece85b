package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The calls of {@code sys/socket.h} and {@code poll.h}. See {@link NativeCall}. */
final class LinuxSocket {
    // bits/socket.h
    static final short AF_UNIX = 1;
    static final short AF_NETLINK = 16;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    // bits/socket_type.h
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_CLOEXEC = 02000000;
    // asm-generic/socket.h
    static final int SOL_SOCKET = 1;
    static final int SO_LINGER = 13;
    static final int SO_PEERCRED = 17;
    static final int SO_RCVTIMEO = 20;
    static final int SO_SNDTIMEO = 21;
    // asm-generic/poll.h
    static final short POLLERR = 0x8;
    static final short POLLHUP = 0x10;
    // linux/netlink.h
    static final int NETLINK_GENERIC = 16;

    private static final MethodHandle SOCKET = NativeCall.call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SENDTO =
            NativeCall.call("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CONNECT = NativeCall.call("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SEND = NativeCall.call("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECV = NativeCall.call("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            NativeCall.call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            NativeCall.call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle POLL = NativeCall.call("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle POLL_WITHOUT_ERRNO =
            NativeCall.plain("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private LinuxSocket() {}

    static int socket(int family, int type, int protocol) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) SOCKET.invokeExact(state, family, type, protocol), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static long sendto(int fd, MemorySegment message, int flags, MemorySegment address) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result(
                    (long) SENDTO.invokeExact(
                            state, fd, message, message.byteSize(), flags, address, (int) address.byteSize()),
                    state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int connect(int fd, MemorySegment address) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) CONNECT.invokeExact(state, fd, address, (int) address.byteSize()), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static long send(int fd, MemorySegment bytes, int flags) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) SEND.invokeExact(state, fd, bytes, bytes.byteSize(), flags), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static long recv(int fd, MemorySegment into, int flags) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((long) RECV.invokeExact(state, fd, into, into.byteSize(), flags), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    static int setsockopt(int fd, int level, int option, MemorySegment value) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result(
                    (int) SETSOCKOPT.invokeExact(state, fd, level, option, value, (int) value.byteSize()), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /** @param length an int: bytes of {@code value}, and those that were filled in */
    static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment length) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) GETSOCKOPT.invokeExact(state, fd, level, option, value, length), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    /**
     * Looks without waiting. On the way of every request, so errno is asked for only where there is one: a call that
     * captures it allocates 40 bytes (SharedUtils.checkCaptureSegment of JDK 25), unless C2 has compiled it.
     */
    static int pollNow(MemorySegment descriptors, long count) {
        try {
            int found = (int) POLL_WITHOUT_ERRNO.invokeExact(descriptors, count, 0);
            return found >= 0 ? found : poll(descriptors, count, 0);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }

    private static int poll(MemorySegment descriptors, long count, int timeoutMillis) {
        MemorySegment state = NativeCall.state();
        try {
            return NativeCall.result((int) POLL.invokeExact(state, descriptors, count, timeoutMillis), state);
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
