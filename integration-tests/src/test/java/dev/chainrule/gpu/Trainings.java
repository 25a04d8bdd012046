package dev.chainrule.gpu;

import dev.chainrule.benchmarks.training.Workload;
import dev.chainrule.benchmarks.workloads.ChainruleTraining;
import dev.chainrule.device.Devices;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Steps of one of the benchmarks' trainings on a device: its name, the workload's, and how many seconds are measured. */
final class Trainings {

  private static final int WARM_UP = 20;
  private static final int LEAST = 20;

  private Trainings() {}

  public static void main(String[] args) {
    var device = Devices.open(args[0]);
    Devices.with(device, () -> {
      var training = new ChainruleTraining(Workload.titled(args[1]));
      double first = training.step();
      for (int i = 0; i < WARM_UP; i++) {
        training.step();
      }
      List<Long> nanos = new ArrayList<>();
      long end = System.nanoTime() + Math.round(Double.parseDouble(args[2]) * 1e9);
      while (nanos.size() < LEAST || System.nanoTime() < end) {
        long start = System.nanoTime();
        training.step();
        nanos.add(System.nanoTime() - start);
      }
      Collections.sort(nanos);
      System.out.printf("%.1f us a step (median of %d), loss %.4f, then %.4f%n", nanos.get(nanos.size() / 2) / 1e3, nanos.size(), first,
          training.step());
      return "";
    });
    device.close();
  }
}
