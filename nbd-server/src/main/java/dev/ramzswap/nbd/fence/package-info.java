/** Keeps what a cut connection had read from being carried out after it was asked for again by another one. */
package dev.ramzswap.nbd.fence;
