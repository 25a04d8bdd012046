package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whole networks, whose plans have channels last, against the same operations one by one, of dense tensors. */
class ChannelsLastTest {

  private static final ConvOptions SAME = ConvOptions.DEFAULT.withPadding(1);

  /** A network of some tensors: its result. */
  private record Network(Function<List<Tensor>, Tensor> function, long[]... shapes) {

    Tensor[] inputs() {
      return IntStream.range(0, shapes.length).mapToObj(i -> Tensor.of(Samples.plainArray(DType.F32, i + 1, shapes[i]))).toArray(Tensor[]::new);
    }

    /** The sum of the squared result and its gradients, but that of the first input, which is an image. */
    List<Tensor> results(List<Tensor> inputs) {
      Tensor loss = function.apply(inputs).square().sum();
      return Stream.concat(Stream.of(loss), Gradients.of(loss, inputs.subList(1, inputs.size())).stream()).toList();
    }
  }

  @BeforeAll
  static void oneDnnIsHere() {
    assumeTrue(DnnlSearch.here().library().isPresent(), DnnlSearch.here()::finding);
  }

  @Test
  @Tag("S19.15")
  void convolutionsWithPoolingHaveTheBitsOfTheirParts() {
    var network = new Network(in -> {
      Tensor x = in.get(0).conv2d(in.get(1), SAME).add(in.get(2)).relu().conv2d(in.get(3), SAME).relu().maxPool2d(PoolOptions.of(2));
      Tensor y = x.conv2d(in.get(4), SAME).add(in.get(5)).relu().maxPool2d(PoolOptions.of(2));
      return y.reshape(5, 32 * 4 * 5).matmul(in.get(6));
    }, new long[] {5, 3, 16, 20}, new long[] {16, 3, 3, 3}, new long[] {16, 1, 1}, new long[] {48, 16, 3, 3}, new long[] {32, 48, 3, 3},
        new long[] {32, 1, 1}, new long[] {32 * 4 * 5, 10});
    agrees(network, 7);
  }

  @Test
  void sumsOfSeveralBlocksHaveTheBitsOfDenseOnes() {
    var network = new Network(in -> in.get(0).conv2d(in.get(1), SAME).add(in.get(2)).relu().conv2d(in.get(3), SAME).add(in.get(4)),
        new long[] {11, 4, 17, 19}, new long[] {16, 4, 3, 3}, new long[] {16, 1, 1}, new long[] {16, 16, 3, 3}, new long[] {16, 1, 1});
    agrees(network, 2);
  }

  @Test
  void whatSomebodyMindsStaysDense() {
    agrees(new Network(in -> {
      Tensor y = in.get(0).conv2d(in.get(1), SAME).relu();
      Tensor pooled = y.maxPool2d(PoolOptions.of(3).withStride(2).withPadding(1)).conv2d(in.get(2), SAME).sigmoid();
      return pooled.conv2d(in.get(2), SAME).max(3).add(pooled.max(3));
    }, new long[] {4, 5, 14, 12}, new long[] {16, 5, 3, 3}, new long[] {16, 16, 3, 3}), 0);
  }

  @Test
  void residualBlocksHaveTheBitsOfTheirParts() {
    agrees(new Network(in -> {
      Tensor y = in.get(0).conv2d(in.get(1), SAME).relu();
      return y.conv2d(in.get(2), SAME).add(y).relu().conv2d(in.get(2), SAME);
    }, new long[] {4, 5, 14, 12}, new long[] {16, 5, 3, 3}, new long[] {16, 16, 3, 3}), 4);
  }

  @Test
  void oneAndThreeAxesHaveTheBitsOfTheirParts() {
    agrees(new Network(in -> in.get(0).conv1d(in.get(1), SAME).add(in.get(2)).tanh().conv1d(in.get(3), SAME),
        new long[] {6, 8, 300}, new long[] {32, 8, 3}, new long[] {32, 1}, new long[] {16, 32, 3}), 2);
    agrees(new Network(in -> in.get(0).conv3d(in.get(1), SAME).add(in.get(2)).relu().conv3d(in.get(3), SAME),
        new long[] {4, 4, 6, 7, 8}, new long[] {16, 4, 3, 3, 3}, new long[] {16, 1, 1, 1}, new long[] {16, 16, 3, 3, 3}), 2);
  }

  private static void agrees(Network network, int least) {
    List<HostArray> expected = partByPart(network.results(List.of(network.inputs())).stream().map(Tensor::node).toList());
    for (CpuDevice device : Agreement.DEVICES) {
      var watched = new Watched(device);
      Step step = Step.evaluation(network::results);
      for (int run = 0; run < 4; run++) { // kernels are replaced by generated code in between
        List<double[]> actual = Devices.with(watched, () -> step.run(network.inputs()).stream().map(ChannelsLastTest::numbers).toList());
        for (int i = 0; i < expected.size(); i++) {
          assertArrayEquals(expected.get(i).toDoubleArray(), actual.get(i), "result " + i + " on " + device.info().description());
        }
      }
      assertTrue(watched.channelsLast >= least, watched.channelsLast + " results have channels last");
    }
  }

  private static double[] numbers(Tensor result) {
    return Engine.read(Evaluator.compute(List.of(result.node())).getFirst()).toDoubleArray();
  }

  /** Every node by a plan of its own. */
  private static List<HostArray> partByPart(List<Node> roots) {
    Map<Node, HostArray> values = new IdentityHashMap<>();
    for (Node node : Graphs.topological(roots)) {
      List<Node> inputs = node.inputs().stream().map(input -> Ops.input(values.get(input))).toList();
      Node alone = node.value().isPresent() ? node : Ops.rebuilt(node, node.op(), inputs);
      values.put(node, Agreement.onDevice(Agreement.DEVICES.getFirst(), alone));
    }
    return roots.stream().map(values::get).toList();
  }

  /** A device that counts results of calls that lie with their channels last. */
  private static final class Watched implements Device {
    private final CpuDevice device;
    private long channelsLast;

    Watched(CpuDevice device) {
      this.device = device;
    }

    @Override
    public Executable link(Schedule schedule) {
      channelsLast += schedule.instructions().stream().flatMap(Watched::results).filter(o -> !o.layout().isContiguous()).count();
      return device.link(schedule);
    }

    private static Stream<Operand> results(Instruction instruction) {
      return switch (instruction) {
        case Instruction.Call call -> call.outputs().stream();
        case Instruction.WithEpilogue both -> both.call().outputs().stream();
        default -> Stream.empty();
      };
    }

    @Override
    public DeviceInfo info() {
      return device.info();
    }

    @Override
    public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
      return device.nativeKernel(op, inputs, outputs);
    }

    @Override
    public boolean generates(GeneratedKernel kernel) {
      return device.generates(kernel);
    }

    @Override
    public Memory allocate(long bytes) {
      return device.allocate(bytes);
    }

    @Override
    public Queue queue() {
      return device.queue();
    }

    @Override
    public Lifetime lifetime() {
      return device.lifetime();
    }
  }
}
