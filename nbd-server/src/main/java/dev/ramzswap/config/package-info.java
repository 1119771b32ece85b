/** What the user wants, read from flags, files and the environment, and checked against the machine. */
package dev.ramzswap.config;
