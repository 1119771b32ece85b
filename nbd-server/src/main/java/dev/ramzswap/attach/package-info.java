/** An export as this machine's swap: attaching, detaching, and whether the machine can do so safely. */
package dev.ramzswap.attach;
