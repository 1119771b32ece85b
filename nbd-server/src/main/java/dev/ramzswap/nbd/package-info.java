/**
 * The NBD protocol: handshake, options, requests, replies, and limits on what a client may ask. Knows an
 * {@link dev.ramzswap.nbd.Export}, not what is behind it.
 *
 * <p>The protocol is that of the NBD project's {@code doc/proto.md}; section names in comments are its.
 */
package dev.ramzswap.nbd;
