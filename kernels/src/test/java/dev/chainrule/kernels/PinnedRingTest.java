package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** No piece is used twice at once, and nobody waits for more than that takes. */
class PinnedRingTest {

  private final List<Long> waitedFor = new ArrayList<>();
  private final MemorySegment memory = Arena.ofAuto().allocate(PinnedRing.BYTES);
  private final PinnedRing ring = new PinnedRing(memory, waitedFor::add);

  private record Taken(long begin, long end, long event) {}

  @Test
  void piecesOfCopiesOnTheirWayDoNotOverlap() {
    var random = new SplittableRandom(1);
    List<Taken> all = new ArrayList<>();
    for (long event = 1; event < 2000; event++) {
      PinnedRing.Piece piece = ring.take(random.nextBoolean() ? random.nextLong(1, 1000) : random.nextLong(1, PinnedRing.LARGEST + 1));
      Set<Long> done = new HashSet<>(waitedFor);
      all.removeIf(t -> done.contains(t.event));
      long begin = piece.memory().address() - memory.address();
      long end = begin + piece.memory().byteSize();
      assertTrue(begin >= 0 && end <= PinnedRing.BYTES);
      assertTrue(all.stream().allMatch(t -> t.end <= begin || end <= t.begin), "taken twice");
      piece.inUseUntil(event);
      all.add(new Taken(begin, end, event));
    }
    assertEquals(waitedFor.size(), new HashSet<>(waitedFor).size(), "an event was waited for twice");
    assertTrue(waitedFor.size() < 2000 - 5, "more is waited for than needs be");
  }

  @Test
  void manySmallPiecesWaitForNothing() {
    for (long event = 1; event <= 128; event++) {
      ring.take(4).inUseUntil(event);
    }
    assertEquals(List.of(), waitedFor);
    ring.take(4);
    assertEquals(List.of(1L), waitedFor);
    ring.awaitAll();
    assertEquals(128, waitedFor.size());
  }

  /** As who copies to the host needs it: one piece is read while the next is filled. */
  @Test
  void whatArrivedStaysWhileAnotherPieceIsTaken() {
    for (int offset = 0; offset < 128; offset++) {
      PinnedRing.Piece first = ring.take(PinnedRing.LARGEST);
      PinnedRing.Piece second = ring.take(PinnedRing.LARGEST);
      assertTrue(first.memory().asOverlappingSlice(second.memory()).isEmpty());
      first.await();
      second.await();
      ring.take(1);
    }
  }
}
