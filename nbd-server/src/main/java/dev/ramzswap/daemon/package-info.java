/** Exports over page stores, configuration, life cycle and the control socket. */
package dev.ramzswap.daemon;
