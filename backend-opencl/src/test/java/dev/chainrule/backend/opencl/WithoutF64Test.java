package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A device that does not compute in f64 says so of what would need it, and does all else. */
class WithoutF64Test {

  private OpenClDevice device;

  @BeforeEach
  void open() {
    device = OnOpenCl.openWithoutF64();
  }

  @AfterEach
  void close() {
    if (device != null) {
      device.close();
    }
  }

  private float[] compute(UnaryOperator<Tensor> body) {
    return Devices.with(device, () -> body.apply(Tensor.of(new float[] {0.5f, 1, 2, 4}).reshape(2, 2)).cast(DType.F32).toFloatArray());
  }

  private void isRefused(String op, String type, String remedy, UnaryOperator<Tensor> body) {
    var refused = assertThrows(UnsupportedOpException.class, () -> compute(body));
    for (String part : new String[] {"[" + op + "]", "opencl", type, remedy}) {
      assertTrue(refused.getMessage().contains(part), () -> "no '" + part + "' in " + refused.getMessage());
    }
  }

  @Test
  void floatsAreComputed() {
    assertArrayEquals(new float[] {3.25f, 5.5f, 10, 19}, compute(x -> x.matmul(x).add(1)));
    assertArrayEquals(new float[] {1, 2, 4, 8}, compute(x -> x.cast(DType.BF16).mul(2)));
    assertArrayEquals(new float[] {1.5f, 6}, compute(x -> x.sum(1)));
  }

  @Test
  void whatNeedsF64IsRefusedByNameWithTheWayOut() {
    String cast = "The device has no f64. Cast to f32 before it, or take another device, such as --backend cpu.";
    isRefused("cast", "f64[2,2]", cast, x -> x.cast(DType.F64).exp());
    isRefused("pow", "f32[2,2]", "It is computed in f64, which the device does not have. Take another device", x -> x.pow(x));
    isRefused("dot", "f64[2,2]", cast, _ -> Tensor.of(new double[] {1, 2, 3, 4}).reshape(2, 2).matmul(Tensor.of(new double[] {1, 2, 3, 4}).reshape(2, 2)));
    isRefused("reduce", "f64[2]", cast, _ -> Tensor.of(new double[] {1, 2}).sum(0));
  }
}
