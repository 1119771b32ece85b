/** What may wait: requests that need slow storage, and the memory and threads for them, a connection's own. */
package dev.ramzswap.nbd.lane;
