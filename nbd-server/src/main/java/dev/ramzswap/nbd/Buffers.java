package dev.ramzswap.nbd;

import dev.ramzswap.nbd.io.IoShare;
import java.nio.ByteBuffer;

/**
 * The memory of one connection, which its owner frees. Both buffers are used in whole.
 *
 * @param share of which the slow lane takes more
 */
record Buffers(IoShare share, ByteBuffer received, ByteBuffer reply) {}
