/**
 * The page store: slot map, codecs, pool, limit, spill and counters. Knows nothing of NBD, sockets or the command line.
 */
package dev.ramzswap.store;
