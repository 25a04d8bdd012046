package dev.chainrule.train.parity;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Random bits and what is dropped by them are the same on every device, whatever the run. */
final class RandomBits {

  private static final Shape SHAPE = Shape.of(37, 101);
  private static final long[] RUNS = {0, 1, 12_345, (1L << 32) - 1};
  private static final long SEED = 0x5EED;

  private RandomBits() {}

  static List<ParityReport.Finding> compare(Device reference, Device device) {
    List<HostArray> expected = Devices.with(reference, RandomBits::draw);
    List<HostArray> actual = Devices.with(device, RandomBits::draw);
    List<ParityReport.Finding> findings = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      findings.add(new ParityReport.Finding("random bits", (i % 2 == 0 ? "bits" : "dropout") + " of run " + RUNS[i / 2],
          different(expected.get(i), actual.get(i)), 0));
    }
    return findings;
  }

  private static List<HostArray> draw() {
    Step step = Step.training(_ -> {
      Trace trace = Trace.surrounding().orElseThrow();
      Tensor ones = Tensor.ones(new TensorType(DType.F32, SHAPE));
      return List.of(trace.random().bits(SHAPE), trace.random().dropout(ones, 0.3));
    }).withSeed(SEED);
    List<HostArray> drawn = new ArrayList<>();
    for (long run : RUNS) {
      step.resumeAt(run);
      step.run().forEach(tensor -> drawn.add(tensor.toHostArray()));
    }
    return drawn;
  }

  private static double different(HostArray a, HostArray b) {
    return LongStream.range(0, a.type().elements()).filter(i -> Double.compare(a.doubleAt(i), b.doubleAt(i)) != 0).count();
  }
}
