/** Exports over page stores, and their life in a daemon. */
package dev.ramzswap.daemon;
