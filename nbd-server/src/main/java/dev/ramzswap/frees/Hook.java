package dev.ramzswap.frees;

import java.util.List;

/**
 * Functions that the kernel calls where it frees a slot, when nothing refers to it any more, and where a swapoff ends,
 * each with the first argument that {@link FreePrograms} reads. In the order in which they are tried.
 *
 * @param free {@code f(swp_entry_t)}
 * @param swapoff {@code f(int type)}
 */
record Hook(String free, String swapoff) {
    static final List<Hook> ALL = List.of(
            // From Linux 6.8 on, with CONFIG_ZSWAP, whether zswap is on or not: mm/swapfile.c, swap_range_free,
            // swapoff.
            new Hook("zswap_invalidate", "zswap_swapoff"),
            // Before: mm/swap_slots.c; and frontswap's, of which zswap is one, likewise.
            new Hook("free_swap_slot", "__frontswap_invalidate_area"));
}
