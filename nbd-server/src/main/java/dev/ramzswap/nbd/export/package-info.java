/**
 * What is served: a device behind a name, and how a thread reads and writes it. The protocol stands on it, and it knows
 * none.
 */
package dev.ramzswap.nbd.export;
