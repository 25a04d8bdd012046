package dev.chainrule.benchmarks;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * A command that measures how fast one model, a perceptron 784-128-10, answers one thread and eight that share it. A prediction is a run
 * of one evaluating {@link Step} and reading its logits on the host. While it warms up all answers are compared with plain loops.
 */
public final class Predictions {

  private static final int[] SIZES = {784, 128, 10};
  private static final int[] BATCHES = {1, 64};
  private static final int[] THREADS = {1, 8};

  /** Different inputs, so that a mix-up between threads would show. */
  private static final int INPUTS = 16;

  private static final double WARM_UP_SECONDS = 8;
  private static final double SECONDS = 5;

  private final Module model = new Sequential().add("hidden", new Linear(SIZES[0], SIZES[1])).add("relu", new Relu())
      .add("logits", new Linear(SIZES[1], SIZES[2]));
  private final Step step = Step.evaluation(in -> List.of(model.apply(in.getFirst())));
  private final List<Tensor> inputs;
  private final List<double[]> answers;

  private Predictions(int batch) {
    model.initialise(1);
    List<double[]> batches = IntStream.range(0, INPUTS)
        .mapToObj(seed -> new SplittableRandom(seed).doubles((long) batch * SIZES[0]).map(x -> (float) x).toArray()).toList();
    inputs = batches.stream().map(x -> Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, batch, SIZES[0]), x))).toList();
    answers = batches.stream().map(this::expected).toList();
  }

  public static void main(String[] arguments) throws InterruptedException, ExecutionException {
    System.out.println("batch  threads  p50 us  p99 us  predictions/s  samples/s");
    for (int batch : BATCHES) {
      var predictions = new Predictions(batch);
      for (int threads : THREADS) {
        predictions.measure(threads, WARM_UP_SECONDS, true);
        long[] nanos = predictions.measure(threads, SECONDS, false);
        System.out.printf(Locale.ROOT, "%5d  %7d  %6.0f  %6.0f  %,13.0f  %,9.0f%n", batch, threads, percentile(nanos, 50),
            percentile(nanos, 99), nanos.length / SECONDS, nanos.length / SECONDS * batch);
      }
    }
  }

  /** Sorted nanoseconds of all threads' predictions. */
  private long[] measure(int threads, double seconds, boolean checked) throws InterruptedException, ExecutionException {
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      long end = System.nanoTime() + (long) (seconds * 1e9);
      List<Future<long[]>> results = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int first = thread;
        results.add(executor.submit(() -> predict(first, end, checked)));
      }
      long[] all = {};
      for (Future<long[]> result : results) {
        long[] nanos = result.get();
        int before = all.length;
        all = Arrays.copyOf(all, before + nanos.length);
        System.arraycopy(nanos, 0, all, before, nanos.length);
      }
      Arrays.sort(all);
      return all;
    }
  }

  private long[] predict(int first, long end, boolean checked) {
    long[] nanos = new long[1024];
    int count = 0;
    while (System.nanoTime() < end) {
      int input = (first + count) % INPUTS;
      long start = System.nanoTime();
      double[] logits = step.run(inputs.get(input)).getFirst().toHostArray().toDoubleArray();
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      nanos[count++] = System.nanoTime() - start;
      if (checked) {
        check(logits, answers.get(input));
      }
    }
    return Arrays.copyOf(nanos, count);
  }

  private static void check(double[] logits, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(logits[i] - expected[i]) <= 1e-4)) {
        throw new AssertionError("logit " + i + " is " + logits[i] + ", expected " + expected[i]);
      }
    }
  }

  /** In microseconds. */
  private static double percentile(long[] sorted, int percent) {
    return sorted[(int) ((long) (sorted.length - 1) * percent / 100)] * 1e-3;
  }

  private double[] expected(double[] x) {
    List<double[]> parameters = model.parameters().stream().map(p -> p.value().toHostArray().toDoubleArray()).toList();
    double[] hidden = Arrays.stream(linear(x, parameters.get(0), parameters.get(1))).map(h -> Math.max(h, 0)).toArray();
    return linear(hidden, parameters.get(2), parameters.get(3));
  }

  /** Rows of x[batch, in] times weights, plus bias. */
  private static double[] linear(double[] x, double[] weights, double[] bias) {
    int out = bias.length;
    int in = weights.length / out;
    double[] result = new double[x.length / in * out];
    for (int i = 0; i < result.length; i++) {
      double sum = bias[i % out];
      for (int j = 0; j < in; j++) {
        sum += x[i / out * in + j] * weights[j * out + i % out];
      }
      result[i] = sum;
    }
    return result;
  }
}
