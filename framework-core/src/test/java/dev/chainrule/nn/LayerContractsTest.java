package dev.chainrule.nn;

import static dev.chainrule.nn.Reading.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Safetensors;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every layer that has parameters, and for those that pool. */
class LayerContractsTest {

  @TempDir
  private Path folder;

  /**
   * A layer and how it is used.
   *
   * @param use of the layer and the inputs, one number after the other where it has several results
   */
  private record Used<M extends Module>(String name, Supplier<M> layer, BiFunction<M, List<Tensor>, Tensor> use, List<HostArray> inputs) {

    static <M extends Module> Used<M> of(String name, Supplier<M> layer, HostArray... inputs) {
      return new Used<>(name, layer, (m, in) -> m.apply(in.getFirst()), List.of(inputs));
    }

    void checkGradients(Mode mode) {
      Reading.checkGradients(mode, layer, use, inputs.toArray(HostArray[]::new));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Tensor all(Tensor... results) {
    return Tensor.concat(0, Stream.of(results).map(Tensor::flatten).toArray(Tensor[]::new));
  }

  static Stream<Used<?>> layers() {
    ConvOptions options = ConvOptions.DEFAULT.withStride(2).withPadding(1).withGroups(2);
    Tensor indices = Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 2, 2), 1, 3, 1, 0));
    Tensor mask = Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 2), 1, 0, 1, 1));
    return Stream.of(
        Used.of("conv1d", () -> new Conv1d(2, 2, 2, options), random(1, 2, 2, 4)),
        Used.of("conv2d", () -> new Conv2d(2, 2, 2, options), random(1, 1, 2, 3, 3)),
        Used.of("residual with a shortcut", () -> new Residual(new Linear(2, 3), new Linear(2, 3)), random(1, 4, 2)),
        Used.of("batch norm", () -> new BatchNorm(2), random(1, 3, 2, 2)),
        Used.of("layer norm", () -> new LayerNorm(3), random(1, 2, 3)),
        Used.of("rms norm", () -> new RmsNorm(3), random(1, 2, 3)),
        Used.of("group norm", () -> new GroupNorm(2, 4), random(1, 2, 4, 2)),
        new Used<>("embedding", () -> new Embedding(4, 2), (m, _) -> m.apply(indices), List.of()),
        Used.of("positions", () -> new PositionalEmbedding(3, 2), random(1, 2, 2, 2)),
        Used.of("attention", () -> new MultiHeadAttention(2, 2), random(1, 1, 2, 2)),
        Used.of("causal attention with dropout", () -> new MultiHeadAttention(2, 1, true, 0.4), random(1, 1, 3, 2)),
        new Used<>("cross attention, masked", () -> new MultiHeadAttention(2, 1), (m, in) -> m.apply(in.get(0), in.get(1), in.get(2), mask),
            List.of(random(1, 2, 2), random(2, 2, 2), random(3, 2, 2))),
        Used.of("transformer block", () -> new TransformerBlock(2, 1, TransformerOptions.DEFAULT.withInner(3)), random(1, 2, 2)),
        new Used<>("lstm", () -> new Lstm(2, 2), (m, in) -> {
          Lstm.Output out = m.run(in.get(0), new Lstm.State(in.get(1), in.get(2)));
          return all(out.sequence(), out.last().hidden(), out.last().cell());
        }, List.of(random(1, 1, 3, 2), random(2, 1, 2), random(3, 1, 2))),
        new Used<>("gru", () -> new Gru(2, 2), (m, in) -> {
          Gru.Output out = m.run(in.get(0), in.get(1));
          return all(out.sequence(), out.last());
        }, List.of(random(1, 1, 3, 2), random(2, 1, 2))),
        Used.of("rnn", () -> new Rnn(2, 2), random(1, 2, 3, 2)));
  }

  static Stream<Used<?>> pools() {
    return Stream.of(
        Used.of("max", () -> new MaxPool2d(PoolOptions.of(2).withStride(1).withPadding(1)), random(1, 1, 2, 3, 3)),
        Used.of("average", () -> new AvgPool2d(PoolOptions.of(2).withStride(1).withPadding(1)), random(1, 1, 2, 3, 3)),
        Used.of("global", GlobalAveragePool2d::new, random(1, 2, 2, 3, 3)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"layers", "pools"})
  void gradientsForInputsAndParametersAreRight(Used<?> used) {
    used.checkGradients(Mode.EVALUATION);
  }

  /** Those that do something else then. */
  static Stream<Used<?>> gradientsAreRightInTraining() {
    return layers().filter(used -> List.of("batch norm", "causal attention with dropout").contains(used.name()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void gradientsAreRightInTraining(Used<?> used) {
    used.checkGradients(Mode.TRAINING);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("layers")
  void whatAFileHoldsIsWhatWasSaved(Used<?> used) {
    Module saved = new Sequential(Reading.filled(used.layer()));
    Path file = folder.resolve("weights.safetensors");
    Safetensors.write(file, saved.state(), Map.of());
    Module loaded = new Sequential(Module.inType(DType.F64, used.layer()));
    loaded.initialise(5);
    assertNotEquals(saved.state(), loaded.state());
    loaded.load(Safetensors.read(file).tensors());
    assertEquals(saved.state(), loaded.state());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("layers")
  void parametersAreF32UnlessAskedOtherwise(Used<?> used) {
    used.layer().get().variables().values().forEach(v -> assertEquals(DType.F32, v.type().dtype(), v.toString()));
    Module.inType(DType.F64, used.layer()).variables().values().forEach(v -> assertEquals(DType.F64, v.type().dtype(), v.toString()));
  }

  @Test
  void parametersOfSixteenBitsAreRefused() {
    var error = assertThrows(InvalidArgumentException.class, () -> Module.inType(DType.BF16, () -> new Linear(2, 2)));
    assertTrue(error.getMessage().startsWith("[module] parameters of bf16, expected f32 or f64")
        && error.getMessage().contains("Precision.MIXED_BF16"), error.getMessage());
  }

  @Test
  void aTableOfAConvolutionalNetwork() {
    var model = new Sequential(Conv2d.withoutBias(1, 6, 5, ConvOptions.DEFAULT.withPadding(2)), new BatchNorm(6), new Relu(),
        new MaxPool2d(2), new GroupNorm(2, 6), new AvgPool2d(7), new GlobalAveragePool2d(), new Linear(6, 10));
    assertEquals("""
        module  kind                                            output          parameters
                Sequential                                      f32[8,10]                0
        0       Conv2d(1 -> 6, kernel 5x5, padding 2, no bias)  f32[8,6,28,28]         150
        1       BatchNorm(6)                                    f32[8,6,28,28]          12
        2       Relu                                            f32[8,6,28,28]           0
        3       MaxPool2d(2)                                    f32[8,6,14,14]           0
        4       GroupNorm(6 in 2 groups)                        f32[8,6,14,14]          12
        5       AvgPool2d(7)                                    f32[8,6,2,2]             0
        6       GlobalAveragePool2d                             f32[8,6]                 0
        7       Linear(6 -> 10)                                 f32[8,10]               70
        244 parameters, 976 bytes
        12 other values, 48 bytes
        """, model.summary(TensorType.of(DType.F32, 8, 1, 28, 28)));
  }

  @Test
  void aTableOfALanguageModel() {
    var model = new Sequential(new Embedding(50, 8), new PositionalEmbedding(16, 8),
        new TransformerBlock(8, 2, TransformerOptions.DEFAULT.withCausal(true).withDropout(0.1)), new RmsNorm(8), new Gru(8, 4),
        new Lstm(4, 5));
    assertEquals("""
        module                kind                                    output        parameters
                              Sequential                              f32[2,12,5]            0
        0                     Embedding(50 -> 8)                      f32[2,12,8]          400
        1                     PositionalEmbedding(16 x 8)             f32[2,12,8]          128
        2                     TransformerBlock                        f32[2,12,8]            0
        2/norm1               LayerNorm[8]                            f32[2,12,8]           16
        2/self_attn           MultiHeadAttention(8, 2 heads, causal)  f32[2,12,8]          216
        2/self_attn/out_proj  Linear(8 -> 8)                          f32[2,12,8]           72
        2/self_attn/dropout   Dropout(0.1)                            -                      0
        2/norm2               LayerNorm[8]                            f32[2,12,8]           16
        2/linear1             Linear(8 -> 32)                         f32[2,12,32]         288
        2/linear2             Linear(32 -> 8)                         f32[2,12,8]          264
        2/dropout             Dropout(0.1)                            f32[2,12,8]            0
        3                     RmsNorm[8]                              f32[2,12,8]            8
        4                     Gru(8 -> 4)                             f32[2,12,4]          168
        5                     Lstm(4 -> 5)                            f32[2,12,5]          220
        1,796 parameters, 7,184 bytes
        """, model.summary(TensorType.of(DType.I32, 2, 12)));
  }
}
