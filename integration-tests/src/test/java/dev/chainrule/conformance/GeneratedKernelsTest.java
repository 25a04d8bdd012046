package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Fault;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Generated kernels are free of any device's language: written in the dialect of graphics processors and compiled as C++ they compute what the
 * interpreter does, as they do on the CPU, each of their values within the bounds of its operation.
 */
class GeneratedKernelsTest {

  /** Of each type; one library holds them all. */
  private static final int KERNELS = 40;

  /** Inputs of kernels with checks: finite numbers, and the same with an infinity at the end. */
  private static final int FINE = 0;
  private static final int BROKEN = 1;

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  private static List<Device> devices() {
    return List.of(new CompiledDevice(), Devices.open("cpu"));
  }

  @ParameterizedTest
  @EnumSource
  void randomKernelsAreRightCompiledAndOnTheCpu(DType dtype) {
    List<RandomKernel> kernels = IntStream.range(0, KERNELS).mapToObj(seed -> RandomKernel.of(seed, dtype)).toList();
    List<RandomKernel.Place> places = kernels.stream().map(RandomKernel::lastPlace).toList();
    KernelRun run = run(kernels, places);
    for (Device device : devices()) {
      List<HostArray> outputs = run.on(device).outputs();
      int first = 0;
      for (int k = 0; k < KERNELS; k++) {
        RandomKernel kernel = kernels.get(k);
        int count = kernel.values().size();
        checkValues(device, kernel, outputs.subList(first, first + count));
        checkLast(device, kernel, places.get(k), outputs.get(first + count - 1), outputs.get(first + count));
        first += count + 1;
      }
    }
  }

  /** Each kernel twice: with all values as results, and with the last alone, somewhere in a buffer. */
  private static KernelRun run(List<RandomKernel> kernels, List<RandomKernel.Place> places) {
    List<Instruction> instructions = new ArrayList<>();
    List<HostArray> inputs = new ArrayList<>();
    List<TensorType> outputs = new ArrayList<>();
    for (int k = 0; k < kernels.size(); k++) {
      RandomKernel kernel = kernels.get(k);
      instructions.add(kernel.withAllValues(inputs.size(), outputs.size()));
      IntStream.range(0, kernel.values().size()).mapToObj(kernel::type).forEach(outputs::add);
      instructions.add(kernel.withLastValue(places.get(k).layout(), inputs.size(), outputs.size()));
      outputs.add(TensorType.of(kernel.values().getLast().dtype(), places.get(k).elements()));
      inputs.addAll(kernel.inputs());
    }
    return new KernelRun(instructions, inputs, outputs);
  }

  private static void checkValues(Device device, RandomKernel kernel, List<HostArray> results) {
    for (int i = 0; i < results.size(); i++) {
      String what = device.info().id() + " value " + i + " of " + kernel;
      HostArray actual = results.get(i);
      switch (kernel.values().get(i)) {
        case KernelExpression.Load(int argument, var _, Layout layout) ->
            assertEquals("", differing(actual, gathered(kernel.inputs().get(argument), layout)), what);
        case KernelExpression.Index(DType dtype, int axis) -> assertEquals("",
            NodeCheck.complaint(Ops.node(new Op.Iota(new TensorType(dtype, kernel.domain()), axis)), List.of(actual), actual), what);
        case KernelExpression.Apply(var op, var arguments, var _) ->
            assertEquals("", complaint(op, arguments.stream().map(a -> everywhere(kernel, results.get(a))).toList(), actual), what);
        case KernelExpression.Fold(var fold, int argument, var _) -> {
          var reduce = new Op.Reduce(fold, kernel.folded());
          List<HostArray> operand = List.of(everywhere(kernel, results.get(argument)));
          HostArray without = HostArray.copyOf(node(reduce, operand).type(), actual.segment());
          assertEquals("", complaint(reduce, operand, without), what);
        }
      }
    }
  }

  private static Node node(Op op, List<HostArray> operands) {
    return Ops.node(op, operands.stream().map(Ops::input).toArray(Node[]::new));
  }

  private static String complaint(Op op, List<HostArray> operands, HostArray actual) {
    return NodeCheck.complaint(node(op, operands), operands, actual);
  }

  /** A fold's value at all indices of the domain. */
  private static HostArray everywhere(RandomKernel kernel, HostArray value) {
    var expand = new Op.Expand(kernel.domain());
    return value.type().shape().equals(kernel.domain()) ? value : NodeCheck.interpreted(node(expand, List.of(value)), List.of(value));
  }

  private static void checkLast(Device device, RandomKernel kernel, RandomKernel.Place place, HostArray dense, HostArray placed) {
    HostArray expected = everywhere(kernel, dense);
    assertEquals("", differing(gathered(placed, place.layout()), expected), device.info().id() + " last value alone of " + kernel);
  }

  private static String differing(HostArray actual, HostArray expected) {
    return Comparison.differingBits(actual, expected);
  }

  /** The elements that a layout finds in an array. */
  private static HostArray gathered(HostArray array, Layout layout) {
    int n = Math.toIntExact(layout.shape().elements());
    long[] at = new long[n];
    for (int i = 0; i < n; i++) {
      long rest = i;
      at[i] = layout.offset();
      for (int axis = layout.shape().rank() - 1; axis >= 0; axis--) {
        at[i] += rest % layout.shape().dim(axis) * layout.stride(axis);
        rest /= layout.shape().dim(axis);
      }
    }
    HostArray places = HostArray.ofLongs(new TensorType(DType.I64, layout.shape()), at);
    return NodeCheck.interpreted(node(new Op.Gather(0), List.of(array, places)), List.of(array, places));
  }

  /** All patterns, those of signalling NaN too: as they are, and seen as the other type. */
  @Test
  void sixteenBitsStayAsTheyAreWhenCompiled() {
    Layout layout = Layout.dense(Shape.of(1 << Short.SIZE));
    byte[] patterns = new byte[2 << Short.SIZE];
    IntStream.range(0, 1 << Short.SIZE).forEach(i -> {
      patterns[2 * i] = (byte) i;
      patterns[2 * i + 1] = (byte) (i >> Byte.SIZE);
    });
    for (List<DType> both : List.of(List.of(DType.F16, DType.BF16), List.of(DType.BF16, DType.F16))) {
      DType from = both.get(0);
      DType to = both.get(1);
      List<KernelExpression> values = List.of(new KernelExpression.Load(0, from, layout),
          new KernelExpression.Apply(new Op.Bitcast(to), List.of(0), to));
      var kernel = new GeneratedKernel(layout.shape(), Axes.NONE, values,
          List.of(new GeneratedKernel.Result(0, layout), new GeneratedKernel.Result(1, layout)), List.of());
      var compute = new Instruction.Compute(kernel, List.of(new Operand(new BufferRef.Input(0), from, layout)),
          List.of(new Operand(new BufferRef.Output(0), from, layout), new Operand(new BufferRef.Output(1), to, layout)), List.of(),
          List.of(Origin.NONE));
      HostArray all = HostArray.owning(new TensorType(from, layout.shape()), patterns);
      List<HostArray> outputs = List.of(all, HostArray.owning(new TensorType(to, layout.shape()), patterns));
      assertEquals(outputs, new KernelRun(List.of(compute), List.of(all), outputs.stream().map(HostArray::type).toList())
          .on(new CompiledDevice()).outputs());
    }
  }

  /** What the random kernels of all types apply and fold, so that none is left out unnoticed. */
  @Test
  void everyOperationIsAmongTheRandomKernels() {
    Set<Class<?>> applied = new HashSet<>();
    Set<Op.Fold> folds = new HashSet<>();
    for (DType dtype : DType.values()) {
      for (int seed = 0; seed < KERNELS; seed++) {
        for (KernelExpression value : RandomKernel.of(seed, dtype).values()) {
          switch (value) {
            case KernelExpression.Apply apply -> applied.add(apply.op().getClass());
            case KernelExpression.Fold fold -> folds.add(fold.fold());
            case KernelExpression.Load _, KernelExpression.Index _ -> {}
          }
        }
      }
    }
    Set<Class<?>> left = leaves(Op.Pointwise.class);
    left.removeAll(applied);
    assertEquals(Set.of(), left);
    assertEquals(Set.of(Op.Fold.values()), folds);
  }

  private static Set<Class<?>> leaves(Class<?> type) {
    Set<Class<?>> leaves = new HashSet<>();
    if (type.isSealed()) {
      Stream.of(type.getPermittedSubclasses()).forEach(each -> leaves.addAll(leaves(each)));
    } else {
      leaves.add(type);
    }
    return leaves;
  }

  // --- faults ------------------------------------------------------------------------------------------------------------------------

  @Test
  void theFirstCheckThatFailsIsNamed() {
    for (Device device : devices()) {
      assertEquals(Fault.NONE, fault(device, checking(FINE, FINE, FINE)));
      assertEquals(new Fault(0, 2), fault(device, checking(FINE, FINE, BROKEN)));
      assertEquals(new Fault(0, 1), fault(device, checking(FINE, BROKEN, BROKEN)));
      assertEquals(new Fault(0, 3), fault(device, new Instruction.Group(List.of(checking(FINE, FINE), checking(FINE, BROKEN)))));
      assertEquals(new Fault(0, 0), fault(device, new Instruction.Group(List.of(checking(BROKEN, FINE), checking(BROKEN)))));
    }
  }

  @Test
  void aZeroDivisorFaults() {
    HostArray divisors = HostArray.ofLongs(TensorType.of(DType.I32, 3), 5, -1, 0);
    for (Device device : devices()) {
      for (Op.Pointwise op : List.of(new Op.IDiv(), new Op.Mod())) {
        assertEquals(Fault.NONE, new KernelRun(List.of(dividing(op, 2)), List.of(divisors), List.of()).on(device).fault());
        assertEquals(0, new KernelRun(List.of(dividing(op, 3)), List.of(divisors), List.of()).on(device).fault().instruction());
      }
    }
  }

  private static Fault fault(Device device, Instruction instruction) {
    HostArray fine = Samples.plain(DType.F32, 1, 35);
    double[] numbers = fine.toDoubleArray();
    numbers[34] = Double.NEGATIVE_INFINITY;
    return new KernelRun(List.of(instruction), List.of(fine, HostArray.ofDoubles(fine.type(), numbers)), List.of()).on(device).fault();
  }

  /** One check for each input given. */
  private static Instruction.Compute checking(int... inputs) {
    Layout layout = Layout.dense(Shape.of(5, 7));
    List<KernelExpression> values = new ArrayList<>();
    List<Operand> arguments = new ArrayList<>();
    for (int input : inputs) {
      values.add(new KernelExpression.Load(arguments.size(), DType.F32, layout));
      arguments.add(new Operand(new BufferRef.Input(input), DType.F32, layout));
    }
    List<Integer> all = IntStream.range(0, inputs.length).boxed().toList();
    return new Instruction.Compute(new GeneratedKernel(layout.shape(), Axes.NONE, values, List.of(), all), arguments, List.of(), all,
        List.of(Origin.NONE));
  }

  /** The first numbers of the input divided by themselves, and the quotient checked as a float. */
  private static Instruction.Compute dividing(Op.Pointwise op, long count) {
    Layout layout = Layout.dense(Shape.of(count));
    List<KernelExpression> values = List.of(new KernelExpression.Load(0, DType.I32, layout),
        new KernelExpression.Apply(op, List.of(0, 0), DType.I32),
        new KernelExpression.Apply(new Op.Cast(DType.F32), List.of(1), DType.F32));
    return new Instruction.Compute(new GeneratedKernel(layout.shape(), Axes.NONE, values, List.of(), List.of(2)),
        List.of(new Operand(new BufferRef.Input(0), DType.I32, layout)), List.of(), List.of(0), List.of(Origin.NONE));
  }
}
