/*
 * Which updates each place gets, in their order, as linked lists: the first update of each place (-1 for none; filled before) and after each
 * update the next of the same place. Each thread looks ahead for one update's next and back for an earlier one; as many steps as there
 * are indices where these are all different, so this is for some ten thousand of them. An index outside the places faults with its position
 * and is in no list. g[1..]: places, indices.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  GLOBAL const $J *indices = AT(const $J, 0);
  GLOBAL i32 *heads = AT(i32, 1);
  FOR_EACH(i, g[2]) {
    const i64 place = indices[i];
    if (place < 0 || place >= g[1]) {
      fault(AT(u32, 2), g[0], (u32)i);
    } else {
      i64 next = i + 1;
      while (next < g[2] && indices[next] != place) {
        next++;
      }
      heads[g[1] + i] = next < g[2] ? (i32)next : -1;
      i64 before = i - 1;
      while (before >= 0 && indices[before] != place) {
        before--;
      }
      if (before < 0) {
        heads[place] = (i32)i;
      }
    }
  }
}
