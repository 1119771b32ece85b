package dev.ramzswap.frees;

import dev.ramzswap.linux.Bpf;
import java.util.List;

/**
 * Functions that the kernel calls where it frees a slot, when nothing refers to it any more, and where a swapoff ends,
 * each with the first argument that {@link FreePrograms} reads. In the order in which they are tried.
 *
 * @param free {@code f(swp_entry_t)}
 * @param swapoff {@code f(int type)}; not proved to be called, as swapoff(2) itself is ({@link Bpf#SWAPOFF_CALL})
 */
record Hook(String free, String swapoff) {
    static final List<Hook> ALL = List.of(
            // From Linux 6.9 on, with CONFIG_ZSWAP, whether zswap is on or not: mm/swapfile.c, swap_range_free,
            // swapoff.
            new Hook("zswap_invalidate", "zswap_swapoff"),
            // Before: mm/swap_slots.c. The functions of zswap had other arguments first, and frontswap's place.
            // Of a huge page to which nothing refers but the swap cache, put_swap_folio frees the whole cluster past
            // free_swap_slot (mm/swapfile.c, swap_free_cluster; deduced from the source of 6.1): what lies there stays
            // until it is written again or discarded, which costs memory only.
            new Hook("free_swap_slot", "zswap_swapoff"),
            new Hook("free_swap_slot", "__frontswap_invalidate_area"));
}
