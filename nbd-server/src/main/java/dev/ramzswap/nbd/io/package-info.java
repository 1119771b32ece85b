/** What connections take of the process: buffers and threads. */
package dev.ramzswap.nbd.io;
