/**
 * The kernel's word for each swap slot that it frees: programs that run where it does, and what they leave in memory.
 */
package dev.ramzswap.frees;
