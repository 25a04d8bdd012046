package dev.chainrule.benchmarks.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CoresTest {

  @Test
  void listsOfRangesAreRead() {
    assertEquals(List.of(0, 2, 3, 4, 9), Cores.of("0,2-4,9").numbers());
    assertEquals("0,2,3", Cores.of("0,2-4,9").first(3).text());
  }

  @Test
  void moreThreadsThanProcessorsAreRefused() {
    var problem = assertThrows(IllegalArgumentException.class, () -> Cores.of("0,1").first(3));
    assertTrue(problem.getMessage().contains("3 threads"), problem.getMessage());
  }
}
