package dev.chainrule.endurance;

import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A program that does one thing a hundred thousand times and fails when that has taken memory: on the heap, on the device, or of the
 * process. Arguments: {@code steps} or {@code evaluations}; bytes of the heap to leak each time, to show that it would be noticed.
 */
final class LongRun {

  private static final int RUNS = 100_000;
  private static final int WARM_UP = 10_000;

  /** 40 bytes a run. */
  private static final long HEAP_TOLERANCE = 4L << 20;

  /** The compiler's own memory and thread stacks are in it; 350 bytes a run. */
  private static final long PROCESS_TOLERANCE = 32L << 20;

  private static final HostArray X = HostArray.ofDoubles(TensorType.of(DType.F32, 4, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3);
  private static final HostArray Y = HostArray.ofLongs(TensorType.of(DType.I32, 4), 0, 1, 1, 0);

  private LongRun() {}

  public static void main(String[] arguments) throws InterruptedException {
    int leak = Integer.parseInt(arguments[1]);
    Map<Integer, byte[]> leaked = new HashMap<>();
    Runnable once = arguments[0].equals("steps") ? steps() : evaluations();
    Runnable leaking = () -> {
      once.run();
      if (leak > 0) {
        leaked.put(leaked.size(), new byte[leak]);
      }
    };
    repeat(WARM_UP, leaking);
    Memory before = Memory.now();
    long start = System.nanoTime();
    repeat(RUNS - WARM_UP, leaking);
    double micros = (System.nanoTime() - start) * 1e-3 / (RUNS - WARM_UP);
    Memory after = Memory.now();
    System.out.printf(Locale.ROOT, "%,d %s, %.1f us each: %s, then %s%n", RUNS, arguments[0], micros, before, after);
    boolean flat = after.heap <= before.heap + HEAP_TOLERANCE && after.device <= before.device + 4096
        && after.process <= before.process + PROCESS_TOLERANCE;
    System.exit(flat ? 0 : 1);
  }

  private static void repeat(int runs, Runnable once) {
    for (int i = 0; i < runs; i++) {
      once.run();
    }
  }

  /** One training step of a tiny model with momentum. */
  private static Runnable steps() {
    var model = new Sequential(new Linear(3, 5), new Relu(), new Linear(5, 2));
    model.initialise(1);
    var optimizer = new Sgd(model.parameters(), Schedule.constant(1e-3)).withMomentum(0.9);
    Step step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      optimizer.minimise(loss);
      return List.of(loss);
    });
    return () -> step.run(Tensor.of(X), Tensor.of(Y));
  }

  /** Results of 8 KB stay on the device until the collector finds them unused. */
  private static Runnable evaluations() {
    Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, 2048), new double[2048]));
    return () -> x.add(1).mul(x).eval();
  }

  private record Memory(long heap, long device, long process) {

    static Memory now() throws InterruptedException {
      for (int i = 0; i < 5; i++) {
        System.gc();
        Thread.sleep(50);
        Engine.current().liveBytes(); // frees what the collector has found
      }
      Runtime runtime = Runtime.getRuntime();
      return new Memory(runtime.totalMemory() - runtime.freeMemory(), Engine.current().liveBytes(), resident());
    }

    /** Resident memory of the process; 0 where the system does not say. */
    private static long resident() {
      Path status = Path.of("/proc/self/status");
      if (!Files.exists(status)) {
        return 0;
      }
      try {
        return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).sum();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "heap %.1f MB, %s %.3f MB, process %.1f MB",
          heap / 1e6, Devices.current().info().id(), device / 1e6, process / 1e6);
    }
  }
}
