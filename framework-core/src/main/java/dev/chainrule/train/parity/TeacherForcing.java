package dev.chainrule.train.parity;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.HostArray;
import dev.chainrule.nn.Module;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Both devices are put where the reference is, take one step, and are compared. */
final class TeacherForcing {

  private final Device reference;
  private final Device device;
  private final TrainedSide teacher;
  private final TrainedSide pupil;
  private final List<ParityReport.Finding> findings = new ArrayList<>();

  private TeacherForcing(Parity parity, Device reference, Device device) {
    this.reference = reference;
    this.device = device;
    this.teacher = Devices.with(reference, () -> side(parity));
    this.pupil = Devices.with(device, () -> side(parity));
  }

  private static TrainedSide side(Parity parity) {
    Module model = parity.model().get();
    return new TrainedSide(model, parity.loss(), parity.optimizer().apply(model.parameters()));
  }

  static List<ParityReport.Finding> compare(Parity parity, Device reference, Device device) {
    var forcing = new TeacherForcing(parity, reference, device);
    for (int step = 0; step <= parity.steps(); step++) {
      if (step % parity.interval() == 0) {
        forcing.compareAt(parity, step);
      }
      int now = step;
      if (step < parity.steps()) {
        Devices.with(reference, () -> forcing.teacher.train(parity.batch(now)));
      }
    }
    return forcing.findings;
  }

  private void compareAt(Parity parity, int step) {
    Map<String, HostArray> state = Devices.with(reference, teacher::state);
    List<HostArray> expected = Devices.with(reference, () -> teacher.gradients(parity.batch(step), step));
    List<HostArray> actual = Devices.with(device, () -> {
      pupil.load(state);
      return pupil.gradients(parity.batch(step), step);
    });
    add("gradients", step, teacher.names(), expected, actual, teacher.bounds());

    List<HostArray> gradients = expected.subList(1, 1 + teacher.parameters());
    List<HostArray> updated = Devices.with(reference, () -> updated(teacher, state, gradients));
    List<HostArray> alsoUpdated = Devices.with(device, () -> updated(pupil, state, gradients));
    add("update", step, List.copyOf(teacher.variables().keySet()), updated, alsoUpdated, teacher.bounds());
    Devices.with(reference, () -> {
      teacher.load(state);
      return state;
    });
  }

  /** Running statistics, too, are the reference's again before it. */
  private static List<HostArray> updated(TrainedSide side, Map<String, HostArray> state, List<HostArray> gradients) {
    side.load(state);
    return side.update(gradients);
  }

  private void add(String check, int step, List<String> names, List<HostArray> expected, List<HostArray> actual, List<Double> bounds) {
    for (int i = 0; i < names.size(); i++) {
      findings.add(new ParityReport.Finding(check, names.get(i) + " at step " + step, difference(expected.get(i), actual.get(i)),
          bounds.get(i)));
    }
  }

  /** The largest difference of two elements, relative to the largest element; NaN where one is NaN. */
  private static double difference(HostArray expected, HostArray actual) {
    double largest = 0;
    double difference = 0;
    for (long i = 0; i < expected.type().elements(); i++) {
      largest = Math.max(largest, Math.abs(expected.doubleAt(i)));
      difference = Math.max(difference, Math.abs(expected.doubleAt(i) - actual.doubleAt(i))); // max of NaN is NaN
    }
    return difference == 0 ? 0 : difference / largest;
  }
}
