package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.io.IoShare;

/**
 * What a slow lane has for its buffers.
 *
 * @param io where they come from
 * @param budget what all lanes of a server share
 * @param most bytes that one lane may have, with what it takes from the budget
 * @param prepared bytes that a lane has from its start instead, if above 0
 */
public record LaneMemory(IoShare io, MemoryBudget budget, long most, long prepared) {}
