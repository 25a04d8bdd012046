package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PendingWorkTest {

  private static final HostArray DATA = HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, 2);

  @Test
  void leavesHaveNothingPending() {
    assertEquals(0, Ops.input(DATA).pendingBytes());
    assertEquals(0, Ops.state(DATA).pendingBytes());
  }

  @Test
  void aNodeUsedTwiceAtEachLevelDoesNotDoubleTheWork() {
    Node x = Ops.input(DATA);
    for (int i = 0; i < 100; i++) {
      x = Ops.node(new Op.Add(), x, x);
    }
    assertTrue(x.pendingBytes() < 1 << 20, x.pendingBytes() + " bytes");
  }

  @Test
  void aChainThatNobodyReadsGrows() {
    Node x = Ops.input(DATA);
    long before = 0;
    for (int i = 0; i < 10; i++) {
      x = Ops.node(new Op.Neg(), x);
      assertTrue(x.pendingBytes() >= before + DATA.type().bytes());
      before = x.pendingBytes();
    }
    x.evaluated(DATA);
    assertEquals(0, x.pendingBytes());
  }
}
