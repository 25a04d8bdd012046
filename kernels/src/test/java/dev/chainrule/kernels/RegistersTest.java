package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Kernels that keep sums in registers have enough of them: NVIDIA's compiler, where it is, spills none for the oldest GPU and new ones. Its
 * report stays in {@code target/gpu}.
 */
class RegistersTest {

  private static final Path REPORTS = Path.of("target", "gpu");

  private static final Pattern NO_SPILLS = Pattern.compile(" *0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads.*");

  private static Stream<Source> sources(Op op, ProductTiles tiles, List<TensorType> in, List<TensorType> out) {
    return sources(op, new Target(tiles, 1024), in, out);
  }

  private static Stream<Source> sources(Op op, Target target, List<TensorType> in, List<TensorType> out) {
    List<Operand> inputs = new ArrayList<>();
    in.forEach(type -> inputs.add(Operand.dense(new BufferRef.Input(inputs.size()), type)));
    List<Operand> outputs = new ArrayList<>();
    out.forEach(type -> outputs.add(Operand.dense(new BufferRef.Output(outputs.size()), type)));
    long bytes = Calls.support(op, in, out).orElseThrow().workspaceBytes();
    return GpuProgram.of(new Schedule(List.of(new Instruction.Call(op, inputs, outputs, workspace(bytes), Origin.NONE)),
        List.of(), in, List.of(), out, List.of(), List.of(bytes), List.of(0L), 0, bytes), target).sources().stream();
  }

  /** Products in all tiles, whole and split, convolutions and their gradients, attention and its gradient of narrow and wide heads; rows, updates. */
  private static Set<Source> hot() {
    Set<Source> hot = new LinkedHashSet<>();
    for (ProductTile tile : ProductTile.CANDIDATES) {
      product(DType.F32, tile).forEach(hot::add);
    }
    product(DType.BF16, ProductTile.DEFAULT).forEach(hot::add);
    for (ProductTile tile : ProductTile.CANDIDATES) {
      denseLayer(DType.F32, tile).forEach(hot::add);
    }
    denseLayer(DType.BF16, ProductTile.DEFAULT).forEach(hot::add);
    for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
      attention(dtype, 64, Target.Kind.GPU).forEach(hot::add);
      attention(dtype, 128, Target.Kind.GPU).forEach(hot::add);
    }
    for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
      convolutions(dtype, 2, hot);
      convolutions(dtype, 512, hot);
    }
    for (long width : new long[] {100, 200, 500, 768, 1000, 2000}) {
      normalised(width).forEach(hot::add);
    }
    hot.add(updates());
    return hot;
  }

  /** The tree of a softmax, and of a normalisation with another operand that is needed twice, in each class of rows that lanes keep. */
  private static Stream<Source> normalised(long width) {
    Shape domain = Shape.of(64, width);
    KernelExpression x = new KernelExpression.Load(0, DType.F32, Layout.dense(domain));
    var exponentials = new GeneratedKernel(domain, Axes.of(1), List.of(x,
        new KernelExpression.Fold(Op.Fold.MAX, 0, DType.F32),
        new KernelExpression.Apply(new Op.Sub(), List.of(0, 1), DType.F32),
        new KernelExpression.Apply(new Op.Exp(), List.of(2), DType.F32),
        new KernelExpression.Fold(Op.Fold.SUM, 3, DType.F32),
        new KernelExpression.Apply(new Op.Div(), List.of(3, 4), DType.F32)),
        List.of(new GeneratedKernel.Result(5, Layout.dense(domain))), List.of());
    var gradients = new GeneratedKernel(domain, Axes.of(1), List.of(x,
        new KernelExpression.Fold(Op.Fold.SUM, 0, DType.F32),
        new KernelExpression.Apply(new Op.Sub(), List.of(0, 1), DType.F32),
        new KernelExpression.Load(1, DType.F32, Layout.dense(domain)),
        new KernelExpression.Apply(new Op.Mul(), List.of(2, 3), DType.F32),
        new KernelExpression.Fold(Op.Fold.SUM, 4, DType.F32),
        new KernelExpression.Apply(new Op.Mul(), List.of(2, 5), DType.F32),
        new KernelExpression.Apply(new Op.Sub(), List.of(3, 6), DType.F32)),
        List.of(new GeneratedKernel.Result(7, Layout.dense(domain))), List.of());
    return Stream.of(exponentials, gradients).map(kernel -> GeneratedSource.of(kernel, 1, false, 0, GeneratedSource.Means.ALL).getFirst().source());
  }

  /** As many memories as four kilobytes hold, by packs. */
  private static Source updates() {
    GeneratedSource copy = GeneratedSource.of(
        GeneratedKernel.copy(new KernelExpression.Load(0, DType.F32, Layout.dense(Shape.of(4096)))), 1, true, 0, GeneratedSource.Means.ALL).getFirst();
    return new JointLaunch(IntStream.range(0, 120).mapToObj(i -> new JointLaunch.Member(copy,
        List.of(new Place(Bases.INPUTS + 2 * i, 0), new Place(Bases.INPUTS + 2 * i + 1, 0), Bases.FAULTS))).toList()).source();
  }

  /** Whole and split along the depth. */
  private static Stream<Source> product(DType dtype, ProductTile tile) {
    return Stream.of(64L, 4096L).flatMap(depth -> sources(new Op.Dot(), tiles(depth, tile),
        List.of(TensorType.of(dtype, 64, depth), TensorType.of(dtype, depth, 64)), List.of(TensorType.of(dtype, 64, 64))));
  }

  /** A product with bias, gelu and residual, whole and split along the depth. */
  private static Stream<Source> denseLayer(DType dtype, ProductTile tile) {
    return Stream.of(64L, 4096L).flatMap(depth -> {
      List<TensorType> in = List.of(TensorType.of(dtype, 64, depth), TensorType.of(dtype, depth, 64), TensorType.of(dtype, 64));
      TensorType out = TensorType.of(dtype, 64, 64);
      Operand result = Operand.dense(new BufferRef.Output(0), out);
      Operand residual = Operand.dense(new BufferRef.Output(1), out);
      var bias = new Operand(new BufferRef.Input(2), dtype, Layout.dense(Shape.of(64)).expand(out.shape()));
      var kernel = GeneratedKernel.of(List.of(new KernelExpression.Load(0, dtype, result.layout()),
          new KernelExpression.Load(1, dtype, bias.layout()),
          new KernelExpression.Load(2, dtype, residual.layout()),
          new KernelExpression.Apply(new Op.Add(), List.of(0, 1), dtype),
          new KernelExpression.Apply(new Op.Erf(), List.of(3), dtype),
          new KernelExpression.Apply(new Op.Mul(), List.of(3, 4), dtype),
          new KernelExpression.Apply(new Op.Add(), List.of(5, 2), dtype)), out.shape());
      var epilogue = new Instruction.Compute(kernel, List.of(result, bias, residual), List.of(result), List.of(), List.of());
      long bytes = Calls.support(new Op.Dot(), in.subList(0, 2), List.of(out)).orElseThrow().workspaceBytes();
      var call = new Instruction.Call(new Op.Dot(), List.of(Operand.dense(new BufferRef.Input(0), in.get(0)),
          Operand.dense(new BufferRef.Input(1), in.get(1))), List.of(result), workspace(bytes), Origin.NONE);
      return GpuProgram.of(new Schedule(List.of(new Instruction.WithEpilogue(call, epilogue)), List.of(), in, List.of(), List.of(out, out),
          List.of(), List.of(bytes), List.of(0L), 0, bytes), new Target(tiles(depth, tile), 1024)).sources().stream();
    });
  }

  private static List<Operand> workspace(long bytes) {
    return bytes == 0 ? List.of() : List.of(Operand.dense(new BufferRef.Temporary(0), TensorType.of(DType.U8, bytes)));
  }

  private static ProductTiles tiles(long depth, ProductTile tile) {
    return new ProductTiles(Map.of(new ProductShape(64, 64, depth), tile));
  }

  private static Stream<Source> attention(DType dtype, long width, Target.Kind kind) {
    var target = new Target(ProductTiles.USUAL, 1024, kind);
    List<TensorType> heads = Collections.nCopies(4, TensorType.of(dtype, 2, 64, width));
    return Stream.concat(sources(composite("attention", heads), target, heads.subList(0, 3), heads.subList(0, 1)),
        sources(composite("attentionGradient", heads), target, heads, heads.subList(0, 3)));
  }

  /** Of many samples the weights' gradient is split along the depth. */
  private static void convolutions(DType dtype, long samples, Set<Source> hot) {
    var geometry = new Op.Geometry(List.of(new Op.Spatial(1, 1, 0, 0), new Op.Spatial(1, 1, 0, 0)), 1);
    TensorType image = TensorType.of(dtype, samples, 3, 5, 5);
    TensorType weights = TensorType.of(dtype, 4, 3, 2, 2);
    TensorType result = TensorType.of(dtype, samples, 4, 4, 4);
    Stream.of(sources(new Op.Conv(geometry), ProductTiles.USUAL, List.of(image, weights), List.of(result)),
        sources(new Op.ConvInputGradient(geometry, image.shape()), ProductTiles.USUAL, List.of(result, weights), List.of(image)),
        sources(new Op.ConvWeightGradient(geometry, weights.shape()), ProductTiles.USUAL, List.of(result, image), List.of(weights)))
        .flatMap(s -> s).forEach(hot::add);
  }

  @Test
  void hotKernelsDoNotSpill() throws IOException, InterruptedException {
    assertNoSpills("hot", hot(), List.of("75", "80", "90", "90a"));
  }

  @Test
  void attentionOnTensorCoresDoesNotSpill() throws IOException, InterruptedException {
    Set<Source> attention = new LinkedHashSet<>();
    attention(DType.BF16, 64, Target.Kind.TENSOR_CORES).forEach(attention::add);
    attention(DType.BF16, 128, Target.Kind.TENSOR_CORES).forEach(attention::add);
    assertEquals(List.of(), attention.stream().filter(source -> !source.tensorCores()).map(Source::name).toList());
    assertNoSpills("attention", attention, List.of("80", "86", "89", "90", "90a"));
  }

  /** The front end, which takes longest, reads the text once; the assembler makes machine code of it for each GPU. */
  private static void assertNoSpills(String name, Set<Source> kernels, List<String> architectures) throws IOException, InterruptedException {
    Optional<Path> nvcc = Nvcc.here();
    if (nvcc.isEmpty()) {
      System.out.println("skipped: nvcc is not here");
    }
    assumeTrue(nvcc.isPresent(), "nvcc is not here");
    Files.createDirectories(REPORTS);
    Path text = REPORTS.resolve(name + ".cu");
    Files.writeString(text, Dialect.CUDA.head(true) + kernels.stream().map(Source::text).collect(Collectors.joining("\n")));
    Path report = REPORTS.resolve(name + ".txt");
    String codes = architectures.stream().map("sm_"::concat).collect(Collectors.joining(","));
    Process compiler = new ProcessBuilder(nvcc.get().toString(), "-std=c++17", "-fatbin", "--threads", "0", "--fmad=false", "-w", "-gencode",
        "arch=compute_" + architectures.getFirst() + ",code=[" + codes + "]", "-Xptxas", "-v", "-o",
        REPORTS.resolve(name + ".fatbin").toString(), text.toString()).redirectErrorStream(true).redirectOutput(report.toFile()).start();
    assertEquals(0, compiler.waitFor(), report.toString());
    List<String> lines = Files.readAllLines(report, StandardCharsets.UTF_8);
    List<String> spills = lines.stream().filter(line -> line.contains("bytes spill stores")).toList();
    assertEquals(kernels.size() * architectures.size(), spills.size(), report.toString());
    System.out.println(kernels.size() + " " + name + " kernels for " + codes + ": " + report);
    assertEquals(List.of(), spills.stream().filter(line -> !NO_SPILLS.matcher(line).matches()).toList(), () -> String.join("\n", lines));
  }

  /** As far as kernels know it: what is in the body does not matter here. */
  private static Op.Composite composite(String name, List<TensorType> in) {
    Node x = Ops.parameter(0, in.getFirst());
    return new Op.Composite(name, Map.of("scale", 0.125, "causal", true), new Body(List.of(x), List.of(x)), Optional.empty());
  }
}
