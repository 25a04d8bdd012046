package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.IndexRangeException;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Evaluator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IndexTest {

  @ParameterizedTest
  @EnumSource
  void gathersAlongEveryAxis(DType dtype) {
    Node x = Samples.node(dtype, 1, 11, 7, 9);
    for (DType indexType : List.of(DType.I32, DType.I64)) {
      for (int axis = 0; axis < 3; axis++) {
        long places = x.type().shape().dim(axis);
        Agreement.exact(Ops.node(new Op.Gather(axis), x, indices(indexType, places, 5)));
        Agreement.exact(Ops.node(new Op.Gather(axis), x, indices(indexType, places, 40, 60)));
        Agreement.exact(Ops.node(new Op.Gather(axis), x, indices(indexType, places)));
        Agreement.exact(Ops.node(new Op.Gather(axis), x, indices(indexType, places, 3, 0)));
        Agreement.exact(Ops.node(new Op.Gather(axis), LayoutTest.permute(x, 2, 0, 1), indices(indexType, 7, 4)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOOL")
  void scatterAddsInIndexOrder(DType dtype) {
    for (int axis = 0; axis < 3; axis++) {
      for (long[] shape : new long[][] {{11, 7, 9}, {5, 1, 1300}, {3000, 2, 1}}) {
        Node x = Samples.plain(dtype, 2, shape);
        Node indices = indices(DType.I32, shape[axis], 6, 5);
        Shape updates = x.type().shape().slice(0, axis).concat(Shape.of(6, 5)).concat(x.type().shape().slice(axis + 1, 3));
        Node scattered = Ops.node(new Op.ScatterAdd(axis), x, indices, Samples.plain(dtype, 3, updates.dims()));
        // At most 30 additions of values up to 2 go to one place, and to a 16-bit type the sum is rounded once.
        Agreement.within(scattered, 1, dtype == DType.F64 ? 30 * 62 * 0x1p-53 : 30 * 62 * 0x1p-24);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 8, Long.MAX_VALUE, Long.MIN_VALUE})
  void anIndexOutsideFaults(long bad) {
    long[] values = new long[3000];
    values[2345] = bad;
    Node x = Samples.plain(DType.F32, 4, 8, 3);
    Node indices = Ops.input(HostArray.ofLongs(TensorType.of(DType.I64, values.length), values));
    Node updates = Samples.plain(DType.F32, 5, values.length, 3);
    for (CpuDevice device : Agreement.DEVICES) {
      assertThrows(IndexRangeException.class,
          () -> Devices.with(device, () -> Evaluator.compute(List.of(Ops.node(new Op.Gather(0), x, indices)))));
      assertThrows(IndexRangeException.class,
          () -> Devices.with(device, () -> Evaluator.compute(List.of(Ops.node(new Op.ScatterAdd(0), x, indices, updates)))));
    }
  }

  @Test
  void randomBitsAreThoseOfPhilox() {
    for (long n : new long[] {0, 1, 2, 3, 4, 5, 1023, 1024, 1025, 70_003}) {
      Agreement.exact(philox(n, 0, 0, 0));
      Agreement.exact(philox(n, 42, 7, 3));
      Agreement.exact(philox(n, Long.MIN_VALUE, (1L << 40) + 5, -1));
    }
  }

  private static Node philox(long n, long seed, long run, long iteration) {
    return Ops.node(new Op.PhiloxBits(Shape.of(n), 0x123456789abcdefL), scalar(seed), scalar(run), scalar(iteration));
  }

  private static Node scalar(long value) {
    return Ops.input(HostArray.ofLongs(TensorType.scalar(DType.I64), value));
  }

  private static Node indices(DType dtype, long places, long... dims) {
    TensorType type = TensorType.of(dtype, dims);
    return Ops.input(HostArray.ofLongs(type, new Random(7).longs(type.elements(), 0, places).toArray()));
  }
}
