package dev.chainrule.kernels;

import dev.chainrule.device.Device;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.Tuner;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Tries the tiles of {@link ProductTile#CANDIDATES} on products of f32. A tile whose result differs from the usual one's in a single bit
 * is not measured.
 *
 * @param linking how the device makes a schedule ready with other tiles than those it has read
 */
public record ProductTuner(Device device, TuningFile tuning, BiFunction<Schedule, ProductTiles, Executable> linking) implements Tuner {

  private static final System.Logger LOG = System.getLogger(ProductTuner.class.getName());

  /** What one measurement takes at least, where so many products do: a launch alone takes some microseconds. */
  private static final double SECONDS = 0.02;

  @Override
  public Path file() {
    return tuning.path();
  }

  @Override
  public void tune(List<Long> sizes, Consumer<Outcome> done) {
    Map<ProductShape, ProductTile> choices = new HashMap<>(tuning.read().choices());
    for (long rows : sizes) {
      for (long columns : sizes) {
        for (long depth : sizes) {
          var shape = new ProductShape(rows, columns, depth);
          try (var product = new Product(shape)) {
            choices.put(shape, product.measure(done));
          }
        }
      }
    }
    tuning.write(new ProductTiles(choices));
  }

  private record Candidate(ProductTile tile, Executable linked) {}

  /** A product of one shape on the device. */
  private final class Product implements AutoCloseable {
    private final ProductShape shape;
    private final TensorType left;
    private final TensorType right;
    private final TensorType result;
    private final List<Memory> memories;
    private final Queue.Bindings bindings;

    Product(ProductShape shape) {
      this.shape = shape;
      this.left = TensorType.of(DType.F32, shape.rows(), shape.depth());
      this.right = TensorType.of(DType.F32, shape.depth(), shape.columns());
      this.result = TensorType.of(DType.F32, shape.rows(), shape.columns());
      this.memories = List.of(device.allocate(left.bytes()), device.allocate(right.bytes()), device.allocate(result.bytes()),
          device.allocate(0));
      this.bindings = new Queue.Bindings(memories.get(3), memories.subList(0, 2), List.of(), memories.subList(2, 3),
          MemorySegment.ofArray(new byte[0]));
      fill(memories.get(0), left);
      fill(memories.get(1), right);
    }

    private void fill(Memory memory, TensorType type) {
      float[] numbers = new float[Math.toIntExact(type.elements())];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (i * 7 % 1009 - 504) / 512f;
      }
      upload(memory, numbers);
    }

    private void upload(Memory memory, float... numbers) {
      try (Arena once = Arena.ofConfined()) {
        device.queue().upload(once.allocateFrom(ValueLayout.JAVA_FLOAT, numbers), memory);
      }
    }

    ProductTile measure(Consumer<Outcome> done) {
      int products = products();
      List<Candidate> candidates = new ArrayList<>();
      try {
        candidates.add(new Candidate(ProductTile.DEFAULT, link(ProductTile.DEFAULT, products)));
        float[] expected = result(ProductTile.DEFAULT);
        for (ProductTile tile : ProductTile.CANDIDATES.subList(1, ProductTile.CANDIDATES.size())) {
          if (Arrays.equals(expected, result(tile))) {
            candidates.add(new Candidate(tile, link(tile, products)));
          } else {
            LOG.log(System.Logger.Level.WARNING, "{0}: tiles {1} compute another product of {2} and are left out",
                device.info().id(), tile, shape);
          }
        }
        Contest contest = Contest.of(IntStream.range(0, candidates.size()).boxed().toList(), i -> seconds(candidates.get(i).linked));
        ProductTile chosen = candidates.get(contest.winner()).tile;
        double work = 2e-9 * products * shape.rows() * shape.columns() * shape.depth();
        done.accept(new Outcome(shape.toString(), chosen.toString(), work / contest.seconds(0), work / contest.seconds(contest.winner())));
        return chosen;
      } finally {
        candidates.forEach(candidate -> candidate.linked.close());
      }
    }

    /** What a single product leaves where there was something else before. */
    private float[] result(ProductTile tile) {
      float[] numbers = new float[Math.toIntExact(result.elements())];
      Arrays.fill(numbers, Float.NaN);
      upload(memories.get(2), numbers);
      try (Executable single = link(tile, 1)) {
        seconds(single);
      }
      try (Arena once = Arena.ofConfined()) {
        MemorySegment content = once.allocate(result.bytes(), Schedule.ALIGNMENT);
        device.queue().download(memories.get(2), content);
        return content.toArray(ValueLayout.JAVA_FLOAT);
      }
    }

    /** How many are measured together. */
    private int products() {
      try (Executable single = link(ProductTile.DEFAULT, 1)) {
        seconds(single);
        return Contest.repetitions(SECONDS, seconds(single));
      }
    }

    private Executable link(ProductTile tile, int products) {
      var call = new Instruction.Call(new Op.Dot(), List.of(Operand.dense(new BufferRef.Input(0), left),
          Operand.dense(new BufferRef.Input(1), right)), List.of(Operand.dense(new BufferRef.Output(0), result)), Origin.NONE);
      var schedule = new Schedule(Collections.nCopies(products, call), List.of(), List.of(left, right), List.of(), List.of(result),
          List.of(), List.of(), List.of(), 0, 0);
      return linking.apply(schedule, new ProductTiles(Map.of(shape, tile)));
    }

    private double seconds(Executable executable) {
      long start = System.nanoTime();
      device.queue().run(executable, bindings).await();
      return (System.nanoTime() - start) * 1e-9;
    }

    @Override
    public void close() {
      memories.forEach(Memory::free);
    }
  }
}
