package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.nn.Gru;
import dev.chainrule.nn.Lstm;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Rnn;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Loops whose rows threads share out. */
class LoopRowsTest {

  private static final int BATCH = 37;
  private static final int TIMES = 5;
  private static final int WIDTH = 24;
  private static final int LARGE = 6000;

  static Stream<Module> recurrentLayers() {
    return Stream.of(new Lstm(12, WIDTH), new Gru(12, WIDTH), new Rnn(12, WIDTH));
  }

  private static Tensor data(int seed, long... shape) {
    return Tensor.of(Samples.plainArray(DType.F32, seed, shape));
  }

  /** A loss and its gradients, again and again, since kernels change from one run to the next. */
  private static List<HostArray> results(Device device, Module layer) {
    return Devices.with(device, () -> {
      layer.initialise(3);
      Tensor x = data(1, BATCH, TIMES, 12);
      Step step = Step.training(in -> {
        Tensor loss = layer.apply(in.getFirst()).square().sum();
        List<Tensor> all = new ArrayList<>(List.of(loss));
        List<Tensor> targets = new ArrayList<>(in);
        layer.parameters().forEach(parameter -> targets.add(parameter.value()));
        all.addAll(Gradients.of(loss, targets));
        return all;
      });
      List<HostArray> results = new ArrayList<>();
      for (int run = 0; run < 5; run++) {
        step.run(x).forEach(result -> results.add(result.toHostArray()));
      }
      return results;
    });
  }

  @ParameterizedTest
  @MethodSource("recurrentLayers")
  void recurrentLayersHaveTheSameBitsOnAnyNumberOfThreads(Module layer) {
    List<HostArray> expected = results(Agreement.DEVICES.getFirst(), layer);
    for (CpuDevice device : Agreement.DEVICES.subList(1, Agreement.DEVICES.size())) {
      assertEquals(expected, results(device, layer), device.info().description());
    }
  }

  @ParameterizedTest
  @MethodSource("recurrentLayers")
  void theLoopsOfRecurrentLayersAreShared(Module layer) {
    List<LoopRows> rows = rows(device -> results(device, layer));
    assertEquals(2, rows.size(), "forward and backward");
    rows.forEach(r -> assertTrue(r.count() == BATCH && SharedRepetition.isBetter(r, 4)));
  }

  @Test
  void fewRowsAndLargeProductsAreNotShared() {
    LoopRows rows = rows(turn(Tensor::matmul)).getFirst();
    assertTrue(SharedRepetition.isBetter(rows, 2));
    assertFalse(SharedRepetition.isBetter(rows, 1));
    assertFalse(SharedRepetition.isBetter(rows, 5));
    Tensor wide = data(5, WIDTH, LARGE);
    Tensor back = data(6, LARGE, WIDTH);
    LoopRows large = rows(turn((h, _) -> h.matmul(wide).tanh().matmul(back))).getFirst();
    assertTrue(large.sharedBytes() > 1 << 20, large.sharedBytes() + " bytes");
    assertFalse(SharedRepetition.isBetter(large, 2));
  }

  @Test
  void rowsThatDependOnOneAnotherAreNotFound() {
    List<BinaryOperator<Tensor>> bodies = List.of((h, _) -> h.flip(0), (h, _) -> h.add(h.sum(0)), (h, _) -> h.softmax(0),
        (h, _) -> h.add(h.slice(0, 0, 1)), (h, _) -> h.add(h.transpose().matmul(h).sum()),
        (h, w) -> h.add(w.slice(0, 0, 1).matmul(h.transpose()).transpose()),
        (h, _) -> Tensor.concat(0, h.slice(0, 1, BATCH), h.slice(0, 0, 1)));
    for (int i = 0; i < bodies.size(); i++) {
      assertEquals(List.of(), rows(turn(bodies.get(i))), "body " + i);
    }
    assertEquals(1, rows(turn((h, w) -> h.matmul(w).tanh().add(h.softmax(1)))).size());
  }

  @Test
  void whatReadsTheNumberOfTheRepetitionIsNotFound() {
    assertEquals(List.of(), rows(device -> evaluate(device, (number, h) -> h.add(number.cast(DType.F32)))));
  }

  private static Consumer<Device> turn(BinaryOperator<Tensor> body) {
    Tensor w = data(2, WIDTH, WIDTH);
    return device -> evaluate(device, (_, h) -> body.apply(h, w));
  }

  private static void evaluate(Device device, BinaryOperator<Tensor> body) {
    Devices.with(device, () -> Step.evaluation(in -> List.of(Loop.scan(TIMES, in, List.of(),
        (number, state, _) -> new Loop.Results(List.of(body.apply(number, state.getFirst())), List.of())).carries().getFirst()))
        .run(data(4, BATCH, WIDTH)));
  }

  /** Those of the loops that a program has run on a device of its own. */
  private static List<LoopRows> rows(Consumer<Device> program) {
    List<Schedule> schedules = new ArrayList<>();
    try (var cpu = new CpuDevice(1)) {
      Object watched = Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (_, method, arguments) -> {
        if (method.getName().equals("link")) {
          schedules.add((Schedule) arguments[0]);
        }
        return method.invoke(cpu, arguments);
      });
      program.accept((Device) watched);
    }
    return schedules.stream().flatMap(schedule -> schedule.instructions().stream().filter(Instruction.Loop.class::isInstance)
        .flatMap(loop -> LoopRows.of((Instruction.Loop) loop, schedule).stream())).toList();
  }
}
