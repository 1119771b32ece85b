package dev.ramzswap.nbd.lane;

import dev.ramzswap.nbd.io.IoMemory;

/**
 * What the slow lanes of a server have for the bytes of WRITEs.
 *
 * @param io where buffers come from
 * @param budget what all lanes share
 * @param most bytes that one lane may have, with what it takes from the budget
 * @param prepared bytes that a lane has from its start instead, if above 0
 */
public record LaneMemory(IoMemory io, MemoryBudget budget, long most, long prepared) {}
