package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Loan;
import dev.chainrule.plan.Placement;
import dev.chainrule.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Memory of somebody else's, read where it lies until it is given back; and the device's own, seen by the host. */
class LoanTest {

  private static final TensorType TYPE = TensorType.of(DType.F32, 3);

  @Test
  void aLoanIsReadInPlaceAtAnyAddressUntilItEnds() {
    try (var device = new CpuDevice(1); var arena = Arena.ofConfined()) {
      for (long offset : new long[] {0, 4, 20}) {
        MemorySegment memory = arena.allocate(64, 64).asSlice(offset, 12);
        Loan.Lent lent = Loan.of(device, TYPE, memory, () -> { }).orElseThrow();
        Tensor tensor = Tensor.of(Ops.input(lent.value()));
        Devices.with(device, () -> {
          assertEquals(0, tensor.sum().item());
          memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, 2, 5);
          assertEquals(5, tensor.sum().item());
          assertArrayEquals(new float[] {0, 0, 5}, tensor.toFloatArray());
          lent.loan().close();
          assertThrows(InvalidArgumentException.class, () -> tensor.sum().item());
          return assertThrows(InvalidArgumentException.class, tensor::toFloatArray);
        });
      }
    }
  }

  @Test
  void theGuardIsAskedBeforeEachUse() {
    try (var device = new CpuDevice(1); var arena = Arena.ofConfined()) {
      int[] asked = {0};
      Loan.Lent lent = Loan.of(device, TYPE, arena.allocate(12, 4), () -> asked[0]++).orElseThrow();
      Devices.with(device, () -> Tensor.of(Ops.input(lent.value())).sum().item());
      assertTrue(asked[0] > 0);
    }
  }

  @Test
  void memoryOfTheHeapIsNotLent() {
    try (var device = new CpuDevice(1)) {
      assertTrue(Loan.of(device, TYPE, MemorySegment.ofArray(new float[3]), () -> { }).isEmpty());
    }
  }

  @Test
  void theHostSeesTheDevicesMemory() {
    try (var device = new CpuDevice(1)) {
      Tensor tensor = Devices.with(device, () -> Tensor.of(new float[] {1, 2, 3}).to(device));
      MemorySegment seen = Placement.seenByHost(tensor.node().value().orElseThrow()).orElseThrow();
      assertEquals(12, seen.byteSize());
      seen.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, 1, 7);
      assertArrayEquals(new float[] {1, 7, 3}, tensor.toFloatArray());
    }
    assertTrue(Placement.seenByHost(Tensor.of(new float[] {1}).node().value().orElseThrow()).isEmpty());
  }
}
