/**
 * Packed records of variable length in one file or block device: reserve, write in batches, read, free, survive errors.
 * Knows nothing of compression, slots or NBD.
 */
package dev.ramzswap.backing;
