package dev.chainrule.benchmarks.floor;

import dev.chainrule.benchmarks.training.Workload;
import dev.chainrule.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** A process that measures what a step of a workload takes at least, and prints it as a line of JSON. */
public final class FloorProcess {

  private static final int LEAST_STEPS = 3;

  private FloorProcess() {}

  /**
   * @param args workload, threads, seconds to measure, bytes of memory that a step needs
   */
  public static void main(String[] args) {
    double seconds = Double.parseDouble(args[2]);
    Library library = Dnnl.find().orElseGet(OwnLibrary::open);
    Map<Call, Runnable> prepared = new LinkedHashMap<>();
    List<Runnable> step = Calls.of(Workload.titled(args[0])).stream().map(call -> prepared.computeIfAbsent(call, library.prepare()))
        .toList();
    repeat(step, seconds / 2);
    SequencedMap<String, Object> result = new LinkedHashMap<>();
    result.put("library", library.name());
    result.put("stepNanos", repeat(step, seconds));
    result.put("bytesPerSecond", Bandwidth.measure(Long.parseLong(args[3]), Integer.parseInt(args[1])));
    System.out.println(Json.of(result).text());
    System.exit(0);
  }

  private static List<Long> repeat(List<Runnable> step, double seconds) {
    List<Long> nanos = new ArrayList<>();
    long begin = System.nanoTime();
    long before = begin;
    while (nanos.size() < LEAST_STEPS || before - begin < seconds * 1e9) {
      step.forEach(Runnable::run);
      long now = System.nanoTime();
      nanos.add(now - before);
      before = now;
    }
    return nanos;
  }
}
