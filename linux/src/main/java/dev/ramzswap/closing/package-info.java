/** How things end, on all floors alike: threads that are waited for, and what is closed on the way out of a failure. */
package dev.ramzswap.closing;
