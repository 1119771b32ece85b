/**
 * What other processes see of the daemons that run, and how they change and end them. Loaded by no server but for the
 * entries that it leaves.
 */
package dev.ramzswap.status;
