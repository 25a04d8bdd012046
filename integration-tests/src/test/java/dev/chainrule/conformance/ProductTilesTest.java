package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.ProductShape;
import dev.chainrule.kernels.ProductTile;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** However a product is cut, along rows, columns or depth: its bits are the CPU's (S19.14). */
class ProductTilesTest {

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  static List<ProductTile> tiles() {
    return ProductTile.CANDIDATES;
  }

  private static HostArray product(Device device, HostArray left, HostArray right) {
    return Devices.with(device, () -> Tensor.of(left).matmul(Tensor.of(right)).toHostArray());
  }

  @ParameterizedTest
  @MethodSource("tiles")
  void everyTileHasTheSameBits(ProductTile tile) {
    HostArray left = Samples.between(DType.F32, -2, 2, 140, 70, 530);
    HostArray right = Samples.between(DType.F32, -2, 2, 141, 530, 131);
    Device device = new CompiledDevice(new ProductTiles(Map.of(new ProductShape(70, 131, 530), tile)));
    assertEquals(product(Devices.open("cpu"), left, right), product(device, left, right));
  }

  @Test
  void aThinProductThatIsSplitAlongItsDepthHasTheSameBits() {
    HostArray left = Samples.between(DType.F32, -2, 2, 142, 3, 5, 1100);
    HostArray right = Samples.between(DType.F32, -2, 2, 143, 3, 1100, 66);
    assertEquals(product(Devices.open("cpu"), left, right), product(new CompiledDevice(), left, right));
  }

  /** Of a convolution the CPU's bits are a library's; without a workspace nothing is split. */
  @Test
  void aWeightGradientThatIsSplitHasTheBitsOfOneThatIsNot() {
    HostArray cotangents = Samples.between(DType.F32, -2, 2, 144, 4, 3, 17, 17);
    HostArray x = Samples.between(DType.F32, -2, 2, 145, 4, 2, 19, 19);
    var geometry = new Op.Geometry(List.of(new Op.Spatial(1, 1, 0, 0), new Op.Spatial(1, 1, 0, 0)), 1);
    TensorType weights = TensorType.of(DType.F32, 3, 2, 3, 3);
    var op = new Op.ConvWeightGradient(geometry, weights.shape());
    var call = new Instruction.Call(op, List.of(Operand.dense(new BufferRef.Input(0), cotangents.type()),
        Operand.dense(new BufferRef.Input(1), x.type())), List.of(Operand.dense(new BufferRef.Output(0), weights)), Origin.NONE);
    HostArray whole = new KernelRun(List.of(call), List.of(cotangents, x), List.of(weights)).on(new CompiledDevice()).outputs().getFirst();
    HostArray split = Devices.with(new CompiledDevice(), () -> {
      Tensor filters = Tensor.zeros(weights);
      Tensor result = Tensor.of(x).conv2d(filters);
      return Gradients.of(result.mul(Tensor.of(cotangents)).sum(), List.of(filters)).getFirst().toHostArray();
    });
    assertEquals(whole, split);
  }
}
