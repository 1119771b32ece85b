/**
 * What the bytes of the protocol mean: its numbers, options, requests and replies, and which request is a valid one.
 * Opens no socket and starts no thread.
 *
 * <p>The protocol is that of the NBD project's {@code doc/proto.md}; section names in comments are its.
 */
package dev.ramzswap.nbd.wire;
