/** TLS over a channel of bytes. Loaded only if it is configured. */
package dev.ramzswap.nbd.tls;
