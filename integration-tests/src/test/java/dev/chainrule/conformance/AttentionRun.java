package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Attention of two heads and its gradients on a device, for tests that compare its kernels with the reference in f64. */
final class AttentionRun {

  private AttentionRun() {}

  /** Queries [t, heads, d], keys, values, cotangents, and perhaps a mask. */
  static List<HostArray> inputs(DType dtype, int queries, int keys, int d, int e, List<HostArray> mask) {
    List<HostArray> inputs = new ArrayList<>(List.of(Samples.between(dtype, -2, 2, 151, queries, 2, d),
        Samples.between(dtype, -2, 2, 152, 2, keys, d), Samples.between(dtype, -2, 2, 153, 2, keys, e),
        Samples.between(dtype, -2, 2, 154, 2, queries, e)));
    inputs.addAll(mask);
    return inputs;
  }

  /** Result and gradients of all inputs; q comes as [t, heads, d], so that the kernel reads it with gaps. */
  static List<HostArray> computed(Device device, Attention attention, DType dtype, List<HostArray> inputs) {
    return computed(device, attention, dtype, inputs, UnaryOperator.identity());
  }

  /** @param laid how each input lies in memory */
  static List<HostArray> computed(Device device, Attention attention, DType dtype, List<HostArray> inputs, UnaryOperator<Tensor> laid) {
    return Devices.with(device, () -> {
      List<Tensor> in = inputs.stream().map(x -> laid.apply(Tensor.of(x).cast(dtype))).toList();
      Attention masked = in.size() > 4 ? attention.withMask(in.get(4).greater(0.0)) : attention;
      Tensor result = masked.apply(in.get(0).permute(1, 0, 2), in.get(1), in.get(2));
      List<Tensor> all = new ArrayList<>(List.of(result));
      all.addAll(Gradients.of(result.mul(in.get(3)).sum(), in.subList(0, 3)));
      Tensor.eval(all.toArray(Tensor[]::new));
      return all.stream().map(Tensor::toHostArray).toList();
    });
  }

  /** The reference's, in f64. */
  static List<HostArray> expected(Attention attention, List<HostArray> inputs) {
    return computed(new PlainDevice((_, result) -> result), attention, DType.F64, inputs);
  }

  /**
   * Whether all elements are near enough.
   *
   * @param own an element may be off by so much of itself
   * @param bound and by so much of the largest
   */
  static void assertNear(List<HostArray> expected, List<HostArray> actual, double own, double bound, String where) {
    for (int r = 0; r < expected.size(); r++) {
      double[] wanted = expected.get(r).toDoubleArray();
      double[] got = actual.get(r).toDoubleArray();
      double largest = 0;
      for (double x : wanted) {
        largest = Math.max(largest, Math.abs(x));
      }
      for (int i = 0; i < wanted.length; i++) {
        assertEquals(wanted[i], got[i], own * Math.abs(wanted[i]) + bound * largest, where + ", result " + r + ", element " + i);
      }
    }
  }

  /** The array with another number somewhere. */
  static HostArray with(HostArray array, int at, double value) {
    double[] values = array.toDoubleArray();
    values[at] = value;
    return HostArray.ofDoubles(array.type(), values);
  }
}
