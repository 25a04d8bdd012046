package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;

class SetArgumentsTest {

  @Test
  void anArgumentIsSetAgainForAMemoryThatHasTheHandleOfAnother() {
    var freed = new OpenClMemory(new cl_mem(), 4);
    var next = new OpenClMemory(new cl_mem(), 4);
    assertEquals(freed.handle(), next.handle());
    var set = new SetArguments(1);
    assertTrue(set.changes(0, freed));
    assertFalse(set.changes(0, freed));
    assertTrue(set.changes(0, next));
  }

  @Test
  void anArgumentThatStaysIsNotSetAgain() {
    var set = new SetArguments(2);
    assertTrue(set.changes(1, 0));
    assertFalse(set.changes(1, 0));
    assertTrue(set.changes(0, 0));
    assertTrue(set.changes(1, 64));
  }
}
