/** The control socket of a daemon, both ends of it: a line each way. */
package dev.ramzswap.control;
