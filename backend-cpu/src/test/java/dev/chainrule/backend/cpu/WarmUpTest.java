package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Loops that are fast from the start, and allocate or don't. */
class WarmUpTest {

  private static final VectorProgram PROGRAM = new VectorProgram(false, List.of(new VectorProgram.Elements(RegisterKind.FLOAT, 0)),
      List.of(new VectorProgram.ToRegister(0, RegisterKind.FLOAT, 1)));

  private final List<VectorLoop> written = new ArrayList<>();
  private byte[] garbage = {};

  /** One that allocates, until {@code quiet} have been written before it. */
  private VectorLoop write(int quiet) {
    VectorLoop loop = written.size() < quiet ? (_, _, _, n) -> garbage = new byte[n] : (_, _, _, _) -> {};
    written.add(loop);
    return loop;
  }

  private static void warmUp(WarmUp warmUp) {
    var scratch = new WarmUp.Scratch();
    try {
      for (int i = 0; i < 1_000_000 && !warmUp.isReady() && !warmUp.isGivenUp(); i++) {
        warmUp.round(scratch, System.nanoTime() + 10_000);
      }
    } finally {
      scratch.free();
    }
  }

  @Test
  void aLoopThatAllocatesIsWrittenAnew() {
    var warmUp = new WarmUp(PROGRAM, () -> write(2), 1_000_000);
    warmUp(warmUp);
    assertTrue(warmUp.isReady());
    assertEquals(3, written.size());
    assertEquals(written.getLast(), warmUp.loop());
  }

  @Test
  void aLoopThatAlwaysAllocatesIsGivenUp() {
    var warmUp = new WarmUp(PROGRAM, () -> write(Integer.MAX_VALUE), 1_000_000);
    warmUp(warmUp);
    assertTrue(warmUp.isGivenUp());
    assertFalse(warmUp.isReady());
    assertTrue(garbage.length > 0);
  }
}
