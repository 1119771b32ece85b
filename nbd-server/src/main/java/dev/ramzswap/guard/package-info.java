/** What keeps a daemon from waiting for itself, and the machine from waiting for it. */
package dev.ramzswap.guard;
