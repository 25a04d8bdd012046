package dev.chainrule.benchmarks.gpu;

import dev.chainrule.device.Devices;
import dev.chainrule.io.Json;
import dev.chainrule.plan.PlanReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * A process that trains one workload and prints a line of JSON: its losses, and the seconds a step of several blocks of steps, at whose
 * ends alone the host waits. Arguments: device, workload, steps to warm up, blocks, steps in a block. {@code torch_training.py} does the
 * same.
 */
public final class GpuTrainingProcess {

  private static final int LARGE_SIDE = 8192;
  private static final int LARGE_ARRAY = 1 << 27;
  private static final int SMALL = 64;

  private GpuTrainingProcess() {}

  /** See the class. */
  public static void main(String[] args) {
    var device = Devices.open(args[0]);
    GpuWorkload workload = GpuWorkload.titled(args[1]);
    SequencedMap<String, Object> result = Devices.with(device, () ->
        measured(workload, Integer.parseInt(args[2]), Integer.parseInt(args[3]), Integer.parseInt(args[4])));
    device.close();
    System.out.println(Json.of(result).text());
  }

  private static SequencedMap<String, Object> measured(GpuWorkload workload, int warmUp, int blocks, int steps) {
    var training = new GpuTraining(workload);
    SequencedMap<String, Object> result = new LinkedHashMap<>();
    result.put("library", "chainrule");
    result.put("parameters", training.parameters());
    result.put("firstLoss", training.step().item());
    for (int i = 1; i < warmUp; i++) {
      training.step();
    }
    training.step().item();
    List<Double> seconds = new ArrayList<>();
    for (int block = 0; block < blocks; block++) {
      long start = System.nanoTime();
      for (int i = 1; i < steps; i++) {
        training.step();
      }
      training.step().item();
      seconds.add((System.nanoTime() - start) / 1e9 / steps);
    }
    result.put("lastLoss", training.lossOfFirstBatch());
    result.put("stepSeconds", seconds);
    PlanReport plan = training.plan();
    double operations = GpuTraining.arithmetic(plan);
    boolean small = GpuWorkload.small().contains(workload);
    Ceiling ceiling = Ceiling.measured(workload.precision(), small ? SMALL : LARGE_SIDE, small ? SMALL * SMALL : LARGE_ARRAY);
    result.put("operations", operations);
    result.put("floorSeconds", ceiling.floor(operations, GpuTraining.bytesMoved(plan)));
    result.put("peakBytes", plan.peakBytes());
    result.put("kernels", GpuTraining.kernels(plan));
    return result;
  }
}
