/**
 * The client's side of the protocol: no part of a server. For the kernel's connections, and for a daemon that warms
 * itself up.
 */
package dev.ramzswap.nbd.client;
