/**
 * The real daemon, started by the launcher as a process of its own, under programs that others wrote. Everything that a
 * test starts or makes is gone when it ends.
 */
package dev.ramzswap.it;
