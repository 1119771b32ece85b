/**
 * The few system calls that Java lacks, and OpenSSL's AES, each one method, by {@code java.lang.foreign}. No other
 * package calls native code of its own.
 */
package dev.ramzswap.linux;
