/**
 * Measures NBD servers from outside, as any client sees them: a load generator that checks every byte, samples of real
 * memory pages, and a side-by-side run against nbdkit. Shares no code with the daemon.
 */
package dev.ramzswap.bench;
