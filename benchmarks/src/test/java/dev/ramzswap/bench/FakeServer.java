package dev.ramzswap.bench;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

/** A minimal NBD server in memory, which lies when told to. Accepts one connection after the other. */
final class FakeServer implements AutoCloseable {
    /** What it does wrong, once it has served some requests. */
    enum Fault {
        NONE,
        LOSES_A_WRITE,
        FLIPS_A_BIT,
        KEEPS_TRIMMED_PAGES,
        FAILS_A_REQUEST,
        ANSWERS_TWICE,
        HANGS_UP,
        SAYS_NOTHING
    }

    private static final int REQUESTS_BEFORE_FAULT = 300;

    private final byte[] device;
    private final Fault fault;
    private final ServerSocket listener;
    private final Thread thread;
    private int requests;

    FakeServer(int slots, Fault fault) throws IOException {
        this.device = new byte[slots * Pages.BYTES];
        this.fault = fault;
        this.listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        this.thread = Thread.ofPlatform().daemon().start(this::acceptAll);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                serve(
                        new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16)),
                        new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16)));
            } catch (IOException e) {
                // The client has gone, or the test is over.
            }
        }
    }

    private void serve(DataInputStream in, DataOutputStream out) throws IOException {
        negotiate(in, out);
        while (true) {
            if (in.available() == 0) {
                out.flush();
            }
            in.readInt();
            in.readShort();
            short command = in.readShort();
            long cookie = in.readLong();
            int offset = (int) in.readLong();
            int length = in.readInt();
            boolean faulty = ++requests == REQUESTS_BEFORE_FAULT;
            if (command == NbdConnection.CMD_DISC || faulty && fault == Fault.HANGS_UP) {
                return;
            }
            if (command == NbdConnection.CMD_WRITE) {
                boolean lost = faulty && fault == Fault.LOSES_A_WRITE;
                in.readFully(lost ? new byte[length] : device, lost ? 0 : offset, length);
            } else if (command == NbdConnection.CMD_TRIM && fault != Fault.KEEPS_TRIMMED_PAGES) {
                Arrays.fill(device, offset, offset + length, (byte) 0);
            }
            if (faulty && fault == Fault.SAYS_NOTHING) {
                continue;
            }
            reply(out, command, cookie, offset, length, faulty);
            if (faulty && fault == Fault.ANSWERS_TWICE) {
                reply(out, command, cookie, offset, length, false);
            }
        }
    }

    private void reply(DataOutputStream out, short command, long cookie, int offset, int length, boolean faulty)
            throws IOException {
        boolean fails = faulty && fault == Fault.FAILS_A_REQUEST;
        out.writeInt(NbdConnection.REPLY_MAGIC);
        out.writeInt(fails ? 5 : 0);
        out.writeLong(cookie);
        if (command == NbdConnection.CMD_READ && !fails) {
            if (faulty && fault == Fault.FLIPS_A_BIT) {
                device[offset + length - 1] ^= 1;
            }
            out.write(device, offset, length);
        }
    }

    private void negotiate(DataInputStream in, DataOutputStream out) throws IOException {
        out.writeBytes("NBDMAGICIHAVEOPT");
        out.writeShort(3);
        out.flush();
        in.skipNBytes(4 + 8 + 4);
        byte[] option = in.readNBytes(in.readInt());
        if (option.length == 0) {
            throw new EOFException();
        }
        optionReply(out, 3, 12);
        out.writeShort(0);
        out.writeLong(device.length);
        out.writeShort(1);
        optionReply(out, 1, 0);
        out.flush();
    }

    private static void optionReply(DataOutputStream out, int type, int length) throws IOException {
        out.writeLong(0x3e889045565a9L);
        out.writeInt(7);
        out.writeInt(type);
        out.writeInt(length);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        try {
            thread.join(5000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
