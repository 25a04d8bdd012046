package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.ProductShape;
import dev.chainrule.kernels.ProductTile;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.kernels.Step.Launch;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What goes through a product element by element is part of its kernel on GPUs, and has the bits of a kernel of its own after the product.
 */
class ProductEpiloguesTest {

  private static final BinaryOperator<Tensor> MATMUL = Tensor::matmul;

  /** Of the product and all inputs, of which the first two are multiplied. */
  private interface Rest extends BiFunction<Tensor, List<Tensor>, List<Tensor>> {}

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  static List<ProductTile> tiles() {
    return ProductTile.CANDIDATES;
  }

  private static HostArray data(DType dtype, int seed, long... dims) {
    return dtype.isFloating() ? Samples.between(dtype, -1, 1, seed, dims) : Samples.between(dtype, -9, 9, seed, dims);
  }

  private static List<HostArray> step(Device device, BiFunction<Tensor, List<Tensor>, List<Tensor>> body, List<HostArray> inputs) {
    return Devices.with(device, () -> Step.evaluation((List<Tensor> in) -> body.apply(in.getFirst(), in))
        .run(inputs.stream().map(Tensor::of).toArray(Tensor[]::new)).stream().map(Tensor::toHostArray).toList());
  }

  /** Runs both forms on the device; the kernels that the joint one would start on a GPU. */
  private static List<Launch> alike(Device device, BinaryOperator<Tensor> product, Rest rest, HostArray... inputs) {
    List<HostArray> in = List.of(inputs);
    HostArray alone = Devices.with(device, () -> product.apply(Tensor.of(in.get(0)), Tensor.of(in.get(1))).toHostArray());
    List<HostArray> apart = step(device, (_, all) -> rest.apply(all.getLast(), all), append(in, alone));
    List<HostArray> together = step(device, (_, all) -> rest.apply(product.apply(all.get(0), all.get(1)), all), in);
    assertEquals(apart, together);
    return launches(product, rest, in);
  }

  private static List<HostArray> append(List<HostArray> list, HostArray last) {
    return Stream.concat(list.stream(), Stream.of(last)).toList();
  }

  private static List<Launch> launches(BinaryOperator<Tensor> product, Rest rest, List<HostArray> inputs) {
    List<GpuProgram> programs = Rehearsal.programs(() -> Step.evaluation((List<Tensor> in) ->
        rest.apply(product.apply(in.get(0), in.get(1)), in)).run(inputs.stream().map(Tensor::of).toArray(Tensor[]::new)));
    return programs.getLast().instructions().stream().flatMap(List::stream).map(Launch.class::cast).toList();
  }

  private static List<Tensor> dense(Tensor product, List<Tensor> in) {
    return List.of(product.add(in.get(2)).gelu().add(in.get(3)));
  }

  /** Of odd sizes, and of sizes that are loaded by packs. */
  @ParameterizedTest
  @MethodSource("tiles")
  void aDenseLayerIsOneKernelInEveryTile(ProductTile tile) {
    for (long[] size : new long[][] {{37, 45, 70}, {72, 40, 88}}) {
      var device = new CompiledDevice(new ProductTiles(Map.of(new ProductShape(size[0], size[1], size[2]), tile)));
      assertEquals(1, alike(device, MATMUL, ProductEpiloguesTest::dense, data(DType.F32, 1, size[0], size[2]),
          data(DType.F32, 2, size[2], size[1]), data(DType.F32, 3, size[1]), data(DType.F32, 4, size[0], size[1])).size());
    }
  }

  @Test
  void operandsMayBeTransposedAndOfAnyType() {
    for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16, DType.F64)) {
      for (long size : new long[] {33, 48}) {
        for (BinaryOperator<Tensor> product : List.<BinaryOperator<Tensor>>of(MATMUL, (x, y) -> x.transpose().matmul(y),
            (x, y) -> x.matmul(y.transpose()), (x, y) -> x.transpose().matmul(y.transpose()))) {
          assertEquals(1, alike(new CompiledDevice(), product, ProductEpiloguesTest::dense, data(dtype, 1, size, size),
              data(dtype, 2, size, size), data(dtype, 3, size), data(dtype, 4, size, size)).size());
        }
      }
    }
  }

  @Test
  void integersWrapAlike() {
    for (DType dtype : List.of(DType.I32, DType.I64)) {
      assertEquals(1, alike(new CompiledDevice(), MATMUL, (product, in) -> List.of(product.mul(in.get(2)).neg()),
          data(dtype, 1, 20, 24), data(dtype, 2, 24, 28), data(dtype, 3, 28)).size());
    }
  }

  /** The sums of chains are joined by a second kernel, which takes the epilogue. */
  @Test
  void aThinProductTakesItAlongWhereItsChainsAreJoined() {
    List<Launch> launches = alike(new CompiledDevice(), MATMUL, ProductEpiloguesTest::dense, data(DType.F32, 1, 5, 1100),
        data(DType.F32, 2, 1100, 66), data(DType.F32, 3, 66), data(DType.F32, 4, 5, 66));
    assertEquals(2, launches.size());
    assertFalse(launches.get(0).source().text().contains("epilogue_"));
    assertTrue(launches.get(1).source().text().contains("epilogue_"));
  }

  /** As training does, which needs what was put in for the gradient. */
  @Test
  void whatIsPutIntoAnActivationIsKeptAsWell() {
    assertEquals(1, alike(new CompiledDevice(), MATMUL, (product, in) -> {
      Tensor before = product.add(in.get(2));
      return List.of(before, before.gelu(), product);
    }, data(DType.F32, 1, 40, 64), data(DType.F32, 2, 64, 36), data(DType.F32, 3, 36)).size());
  }

  @Test
  void aProductThatNobodyReadsIsNotStored() {
    HostArray[] inputs = {data(DType.F32, 1, 40, 64), data(DType.F32, 2, 64, 36), data(DType.F32, 3, 36)};
    List<Launch> cast = alike(new CompiledDevice(), MATMUL, (product, in) -> List.of(product.add(in.get(2)).cast(DType.BF16)), inputs);
    assertEquals(1, cast.size());
    assertFalse(cast.getFirst().source().text().contains("STORE_f32(total)"), cast.getFirst().source().text());
    List<Launch> both = alike(new CompiledDevice(), MATMUL, (product, in) -> List.of(product, product.add(in.get(2)).cast(DType.BF16)), inputs);
    assertEquals(1, both.size());
    assertTrue(both.getFirst().source().text().contains("STORE_f32(total)"), both.getFirst().source().text());
  }

  @Test
  void batchesAndOtherOrdersOfAxes() {
    alike(new CompiledDevice(), MATMUL, (product, in) -> List.of(product.permute(0, 2, 1, 3).mul(0.125).add(in.get(2))),
        data(DType.F32, 1, 2, 3, 20, 16), data(DType.F32, 2, 2, 3, 16, 24), data(DType.F32, 3, 24));
    alike(new CompiledDevice(), MATMUL, (product, in) -> List.of(product.transpose().sub(in.get(2))),
        data(DType.F32, 1, 20, 16), data(DType.F32, 2, 16, 24), data(DType.F32, 3, 24, 20));
  }

  @Test
  void convolutionsTakeThemAlong() {
    assertEquals(1, alike(new CompiledDevice(), Tensor::conv2d, (product, in) -> List.of(product.add(in.get(2)).relu()),
        data(DType.F32, 1, 2, 3, 8, 8), data(DType.F32, 2, 5, 3, 3, 3), data(DType.F32, 3, 5, 1, 1)).size());
  }
}
