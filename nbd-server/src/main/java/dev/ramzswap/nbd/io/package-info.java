/** What connections take of the process, buffers and threads, and how they are accepted. */
package dev.ramzswap.nbd.io;
