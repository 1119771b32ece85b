/**
 * A server of the NBD protocol, from the socket that it listens on to the end of its last connection, and limits on
 * what a client may ask. Serves {@link dev.ramzswap.nbd.export.Export}s, and does not know what is behind them.
 */
package dev.ramzswap.nbd;
