package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Placement;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What {@code toString} shows, and that it is harmless. Unless a test opens one there is no device: whatever needed one would throw. */
class TensorTextTest {

  private static final Tensor X = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);

  @Test
  @Tag("S16.12")
  void evaluatedTensorsShowTheirValues() {
    assertEquals("f32[2] [1.  0.5]", Tensor.of(new float[] {1, 0.5f}).toString());
    assertEquals("f32[] 0.1", Tensor.scalar(0.1).toString());
    assertEquals("f32[2,2]\n[[1. 2.]\n [3. 4.]]", X.toString());
    assertEquals("f32[2000] [0. 0. 0. ... 0. 0. 0.]", Tensor.of(new float[2000]).toString());
  }

  @Test
  void smallPendingTensorsAreComputedForTheOccasion() {
    assertEquals("f32[] 10.", X.sum().toString());
    assertEquals("f32[2] [0.5 0.5]", X.softmax(1).sum(1).mul(0.5).toString());
    assertEquals("bool[2,2]\n[[false false]\n [ true  true]]", X.greater(2).toString());
  }

  @Test
  @Tag("S16.1") @Tag("S16.12")
  void theTensorStaysPendingAndGradientsStillFlow() {
    Tensor w = Tensor.of(new float[] {1, 2});
    Tensor square = w.square();
    Tensor loss = square.sum();
    assertEquals("f32[] 5.", loss.toString());
    assertEquals("f32[2] [1. 4.]", square.toString());
    assertTrue(loss.node().value().isEmpty() && square.node().value().isEmpty());
    assertSame(square.node(), loss.node().input(0));
    Tensor gradient = Gradients.of(loss, List.of(w)).getFirst();
    assertEquals("f32[2] [2. 4.]", gradient.toString());
    assertArrayEquals(new double[] {2, 4}, Values.read(gradient), 0);
  }

  @Test
  void largeOnesSayTypeAndOperation() {
    assertEquals("f32[1001] = neg", Tensor.of(new float[1001]).neg().toString());
    assertTrue(Tensor.of(new float[1000]).neg().toString().startsWith("f32[1000]\n[-0. -0."));
  }

  @Test
  @Tag("S16.12")
  void muchWorkIsLeftUndone() {
    Tensor wide = Tensor.zeros(TensorType.of(DType.F32, 1000, 1000));
    assertEquals("f32[] = reduce", wide.sum().toString());
    Tensor rows = Tensor.of(new float[100 * 2000], 100, 2000);
    assertEquals("f32[1,100] = slice", rows.matmul(rows.transpose()).slice(0, 0, 1).toString());
    Tensor chain = X;
    for (int i = 0; i < 100_000; i++) {
      chain = Tensor.of(Ops.node(new Op.Neg(), chain.node()));
    }
    assertEquals("f32[2,2] = neg", chain.toString());
  }

  @Test
  void sharedWorkCountsOnce() {
    Tensor x = Tensor.scalar(1);
    for (int i = 0; i < 100; i++) {
      x = x.add(x);
    }
    assertEquals("f32[] 1.2676506e+30", x.toString());
  }

  @Test
  void aLoopsWorkIsThatOfAllItsRuns() {
    assertEquals("f32[] 3.", looped(3).toString());
    assertEquals("f32[] = result", looped(20_000).toString());
  }

  @Test
  void aLoopThatMayNeverEndIsNotRun() {
    List<Tensor> endless = Loop.whileTrue(List.of(Tensor.scalar(0)), x -> x.getFirst().less(1), x -> x);
    assertEquals("f32[] = result", endless.getFirst().toString());
  }

  /** 1 added to 0 as often as that. */
  private static Tensor looped(long length) {
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, TensorType.scalar(DType.F32));
    Node one = Ops.node(new Op.Const(HostArray.ofFloats(TensorType.scalar(DType.F32), 1)));
    var body = new Body(List.of(iteration, carry), List.of(Ops.node(new Op.Add(), carry, one)));
    return Tensor.of(Ops.node(new Op.Result(0), Ops.node(new Op.Loop(length, 1, 0, body), Tensor.scalar(0).node())));
  }

  @Test
  void variablesAreReadWhereTheyAre() {
    var device = ReferenceDevice.create();
    Variable w = Variable.of("w", HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, 2), true);
    Devices.with(device, () -> Step.training(_ -> {
      w.assign(w.value().mul(2));
      return List.of();
    }).run());
    assertEquals("f32[2] [2. 4.]", w.value().toString());
    assertEquals("f32[2] [3. 5.]", w.value().add(1).toString());
    assertEquals("w f32[2]", w.toString());
    assertEquals(1, device.runs());
  }

  @Test
  void whatLiesOnADeviceIsFetched() {
    var device = ReferenceDevice.create();
    Tensor there = Tensor.of(Ops.input(Placement.on(device, HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, 2))));
    assertEquals("f32[2] [1. 2.]", there.toString());
    assertEquals("f32[2] [2. 3.]", there.add(1).toString());
    device.close();
    assertTrue(there.toString().startsWith("f32[2] = input (["), there.toString());
  }

  @Test
  @Tag("S16.12")
  void insideAStepNothingIsComputed() {
    List<String> seen = new ArrayList<>();
    Step step = Step.evaluation(in -> {
      Tensor sum = in.getFirst().add(1).sum();
      seen.addAll(List.of(in.getFirst().toString(), sum.toString()));
      return List.of(sum);
    });
    Devices.with(ReferenceDevice.create(), () -> step.run(Tensor.of(new float[] {1, 2})));
    assertEquals(List.of("f32[2] [1. 2.]", "f32[] = reduce"), seen);
    assertEquals(0, step.hostReads());
  }

  @Test
  void insideABodyNothingIsComputed() {
    List<String> seen = new ArrayList<>();
    var twice = new CompositeFunction("twice", (in, _) -> {
      Tensor sum = in.getFirst().add(in.getFirst());
      seen.add(sum.toString());
      return List.of(sum);
    }, Optional.empty());
    assertEquals("f32[] 6.", twice.apply(Map.of(), Tensor.scalar(3)).getFirst().toString());
    assertEquals(List.of("f32[] = add"), seen);
  }

  @Test
  @Tag("S16.12")
  void whatCannotBeComputedSaysWhy() {
    Variable w = Variable.of("w", HostArray.ofFloats(TensorType.scalar(DType.F32), 1), true);
    Tensor old = w.value().add(1);
    w.assign(Tensor.scalar(5));
    Variable empty = Variable.declared("e", TensorType.scalar(DType.F32), true, _ -> HostArray.zeros(TensorType.scalar(DType.F32)));
    Tensor one = Tensor.scalar(DType.I32, 1);
    assertEquals(List.of(
        "f32[] = add ([w] a tensor refers to version 1 of the variable, which is now at 2)",
        "f32[1,2] = gather ([gather] index 7 (element 0 of the indices) is outside axis 0 of f32[2,2], which has 2 places)",
        "i32[] = sub ([iDiv] 1 divided by 0 at element 0 of i32[])",
        "f32[] = state ([e] the variable has no value yet)"),
        Stream.of(old, X.take(0, Tensor.of(new int[] {7})), one.floorDiv(one.sub(1)), empty.value())
            .map(Tensor::toString).toList());
  }
}
