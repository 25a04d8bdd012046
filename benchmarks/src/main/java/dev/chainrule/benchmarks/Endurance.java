package dev.chainrule.benchmarks;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Dropout;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * Does one thing very often and tells whether that takes memory: a table with a row for each tenth of the runs, then a verdict. What the
 * process holds after a fifth of the runs, when all code is compiled and all caches are full, is what it may hold at the end; the status
 * is 1 where it holds more.
 *
 * <p>Arguments: {@code training} or {@code evaluations}; the number of runs, at least {@value #ROWS}; bytes of the heap to leak in each
 * run, to see that it is noticed, else 0.
 *
 * <p>The JVM should have a heap of fixed size that it touches at the start (see {@code scripts/endurance}), else the process grows with
 * its heap.
 */
public final class Endurance {

  private static final int ROWS = 10;

  /** Rows until nothing may grow any more. */
  private static final int SETTLED = 2;

  /**
   * What may be more at the end than after a fifth of the runs. Heap: tables of the JVM that grow by doubling; 13 bytes for each of the
   * 80,000 runs between, less than the smallest object. Device: the plans kept are of other batch sizes, with other constants and
   * parameters; one plan has some hundred bytes. Direct memory: nothing of ours, buffers of a thread that the collector has just missed.
   * Resident: code that is compiled late, the compilers' own memory, stacks, free lists of the C library; up to 12 MB have been seen.
   * Classes: the JVM's own for what it meets late, and generated loops of the plans that came last, of which a device keeps a bounded
   * number.
   */
  private static final Footprint ALLOWED = new Footprint(1L << 20, 16L << 10, 64L << 10, OptionalLong.of(24L << 20), 150);

  /** Plans that a Step keeps. */
  private static final int PLANS = 64;

  private Endurance() {}

  /** Something done very often. */
  private interface Work {
    void run();

    /** How many plans have been built, and how many of them are kept. */
    default Plans plans() {
      return new Plans(0, 0);
    }
  }

  private record Plans(long built, int kept) {}

  /** Runs, prints, and exits. */
  public static void main(String[] arguments) {
    Work work = arguments[0].equals("training") ? new Training() : new Evaluations();
    long runs = Long.parseLong(arguments[1]);
    int leak = Integer.parseInt(arguments[2]);
    List<String> problems = new Endurance().problems(work, runs, leak);
    System.out.println(problems.isEmpty() ? "flat: nothing has grown" : "grown: " + String.join("; ", problems));
    System.exit(problems.isEmpty() ? 0 : 1);
  }

  private List<String> problems(Work work, long runs, int leak) {
    System.out.println("     runs   us each   heap MB  device MB  direct MB  resident MB  classes  plans built  plans kept");
    List<byte[]> leaked = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Footprint settled = Footprint.now();
    for (int row = 1; row <= ROWS; row++) {
      long start = System.nanoTime();
      long until = runs * row / ROWS;
      long first = runs * (row - 1) / ROWS;
      for (long i = first; i < until; i++) {
        work.run();
        if (leak > 0) {
          leaked.add(new byte[leak]);
        }
      }
      double micros = (System.nanoTime() - start) * 1e-3 / (until - first);
      Footprint now = Footprint.now();
      print(until, micros, now, work.plans());
      if (work.plans().kept > PLANS) {
        problems.add("plans kept to " + work.plans().kept + ", allowed are " + PLANS);
      }
      if (row <= SETTLED) {
        settled = now;
      } else if (problems.isEmpty()) {
        problems.addAll(now.growth(settled, ALLOWED));
      }
    }
    return problems;
  }

  private static void print(long runs, double micros, Footprint now, Plans plans) {
    System.out.printf(Locale.ROOT, "%,9d  %8.1f  %8.2f  %9.3f  %9.3f  %11s  %7d  %11d  %10d%n", runs, micros, now.heap() * 1e-6,
        now.device() * 1e-6, now.direct() * 1e-6,
        now.resident().isPresent() ? String.format(Locale.ROOT, "%.1f", now.resident().getAsLong() * 1e-6) : "not known",
        now.classes(), plans.built, plans.kept);
  }

  /**
   * Steps of a small network with Adam and dropout. Most batches have 1 to {@value #OFTEN} samples, whose plans the Step keeps; one of
   * {@value #SELDOM} has up to {@value #MOST}, so that there are more sizes than plans kept, and plans come and go.
   */
  private static final class Training implements Work {

    private static final int OFTEN = 40;
    private static final int MOST = 100;
    private static final int SELDOM = 100;
    private static final int WIDTH = 6;

    private final SplittableRandom sizes = new SplittableRandom(1);
    private final Sequential model = new Sequential(new Linear(WIDTH, 8), new Relu(), new Dropout(0.2), new Linear(8, 3));
    private final Adam adam = new Adam(model.parameters(), Schedule.constant(1e-3));
    private final List<HostArray> samples = new ArrayList<>();
    private final List<HostArray> labels = new ArrayList<>();
    private final Step step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      adam.minimise(loss);
      return List.of(loss);
    });

    Training() {
      model.initialise(1);
      var random = new SplittableRandom(2);
      for (int n = 1; n <= MOST; n++) {
        samples.add(HostArray.ofDoubles(TensorType.of(DType.F32, n, WIDTH), random.doubles((long) n * WIDTH).toArray()));
        labels.add(HostArray.ofLongs(TensorType.of(DType.I32, n), random.longs(n, 0, 3).toArray()));
      }
    }

    @Override
    public void run() {
      int size = sizes.nextInt(SELDOM) == 0 ? sizes.nextInt(OFTEN, MOST) : sizes.nextInt(OFTEN);
      step.run(Tensor.of(samples.get(size)), Tensor.of(labels.get(size)));
    }

    @Override
    public Plans plans() {
      return new Plans(step.plans(), step.plansKept());
    }
  }

  /** Results of 8 KB stay on the device until the collector finds them unused. */
  private static final class Evaluations implements Work {

    private final Tensor x = Tensor.of(HostArray.zeros(TensorType.of(DType.F32, 2048)));

    @Override
    public void run() {
      x.add(1).mul(x).eval();
    }
  }
}
