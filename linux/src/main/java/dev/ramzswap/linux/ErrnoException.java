package dev.ramzswap.linux;

import java.io.IOException;

/** A system call failed: says which one, on what, with which error number, and what the system calls that. */
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    /** @param errno positive, one of {@link Errno} or any other */
    public ErrnoException(String call, String subject, int errno) {
        super(call + " " + subject + ": " + NativeCall.strerror(errno) + ", " + Errno.name(errno));
        this.errno = errno;
    }

    public int errno() {
        return errno;
    }
}
