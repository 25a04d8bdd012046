package dev.chainrule.kernels;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A schedule as launches of kernels, free of any device's interface: what OpenCL and CUDA have in common is decided here.
 *
 * @param instructions for each instruction of the schedule what the host does
 * @param bases the table of memories that a run binds
 * @param sources all kernels, each once
 * @param scratchBytes of the memory for what kernels hand on to the next
 * @param numbers sizes and strides of all launches
 */
public record GpuProgram(Schedule schedule, List<List<Step>> instructions, Bases bases, Set<Source> sources, long scratchBytes,
    long... numbers) {

  /** What all devices' kernels can do, but for types that a device lacks. */
  public static Optional<NativeKernel> support(Op op, List<TensorType> inputs, List<TensorType> outputs, boolean f64) {
    boolean lacking = !f64 && Stream.concat(inputs.stream(), outputs.stream()).anyMatch(type -> Calls.computes(op, type.dtype()));
    return lacking ? Optional.empty() : Calls.support(op, inputs, outputs);
  }

  /**
   * Whether the kernel can be generated for a device.
   *
   * @param parameterBytes what the device can hand to a kernel
   */
  public static boolean generates(GeneratedKernel kernel, boolean f64, long parameterBytes) {
    long buffers = kernel.values().stream().filter(KernelExpression.Load.class::isInstance).count()
        + kernel.results().size() + 2L + (kernel.folded().count() > 0 ? 1 : 0); // numbers, faults; what the stages of a long fold leave
    boolean lacking = !f64 && (GeneratedSource.types(kernel).anyMatch(dtype -> dtype == DType.F64) || needsF64(kernel));
    return !lacking && buffers * JointLaunch.PARAMETER_BYTES <= parameterBytes;
  }

  private static boolean needsF64(GeneratedKernel kernel) {
    return kernel.values().stream().anyMatch(value -> value instanceof KernelExpression.Apply apply && needsF64(apply.op()));
  }

  /** Powers and tangents of floats are computed in f64. */
  private static boolean needsF64(Op op) {
    return op instanceof Op.Pow || op instanceof Op.Tan;
  }

  /**
   * What to do about an operation that there is no kernel for.
   *
   * @param types of its inputs and results
   * @param f64 whether the device computes in it
   */
  public static String remedy(Op op, List<TensorType> types, boolean f64) {
    if (!f64 && types.stream().anyMatch(type -> type.dtype() == DType.F64)) {
      return "The device has no f64. Cast to f32 before it, or take another device, such as --backend cpu.";
    }
    return !f64 && needsF64(op) ? "It is computed in f64, which the device does not have. Take another device, such as --backend cpu." : "";
  }

  /**
   * A schedule as kernels to start.
   *
   * @param target the device
   */
  public static GpuProgram of(Schedule schedule, Target target) {
    return of(schedule, target, _ -> false);
  }

  /**
   * A schedule as kernels to start and calls of a library.
   *
   * @param target the device
   * @param library which calls the device would make with a library of its own, if it can, see {@link Step.LibraryCall}
   */
  public static GpuProgram of(Schedule schedule, Target target, Predicate<Instruction.Call> library) {
    var linker = new Linker(schedule, target, library);
    List<List<Step>> instructions = new ArrayList<>();
    for (int i = 0; i < schedule.instructions().size(); i++) {
      instructions.add(linker.steps(schedule.instructions().get(i), i + 1));
    }
    Set<Source> sources = new LinkedHashSet<>();
    instructions.forEach(steps -> collect(steps, sources));
    return new GpuProgram(schedule, List.copyOf(instructions), linker.bases, sources, linker.scratchBytes, linker.numbers.all());
  }

  private static void collect(List<Step> steps, Set<Source> sources) {
    for (Step step : steps) {
      switch (step) {
        case Step.Launch launch -> sources.add(launch.source());
        case Step.LibraryCall call -> collect(call.otherwise(), sources);
        case Step.Repeat repeat -> {
          sources.add(repeat.zero().source());
          collect(repeat.body(), sources);
        }
        case Step.RepeatWhile repeat -> {
          collect(repeat.condition(), sources);
          collect(repeat.body(), sources);
        }
        case Step.Choice choice -> {
          collect(choice.then(), sources);
          collect(choice.otherwise(), sources);
        }
      }
    }
  }

  /** Bytes of the memory that is the same at every run: literals, then sizes and strides. */
  public long fixedBytes() {
    return bases.constantBytes() + (long) numbers.length * Long.BYTES;
  }

  /** Where sizes and strides begin in it. */
  public Place numbersPlace() {
    return new Place(Bases.FIXED, bases.constantBytes());
  }

  /** Fills a memory of {@link #fixedBytes} bytes. */
  public void writeFixed(MemorySegment to) {
    for (int i = 0; i < schedule.constants().size(); i++) {
      MemorySegment source = schedule.constants().get(i).segment();
      MemorySegment.copy(source, 0, to, bases.constantOffset(i), source.byteSize());
    }
    MemorySegment.copy(numbers, 0, to, ValueLayout.JAVA_LONG_UNALIGNED, bases.constantBytes(), numbers.length);
  }

  /** Bytes of the memory that holds the word of faults and the Java numbers. */
  public long frameBytes() {
    return Bases.PARAMETERS + (long) schedule.parameters().size() * Schedule.PARAMETER_BYTES;
  }

  /** From instructions to steps. */
  private static final class Linker {
    private final Bases bases;
    private final Numbers numbers = new Numbers();
    private final Target target;
    private final Predicate<Instruction.Call> library;
    /** But for epilogues of calls, of their results. */
    private final Set<BufferRef> read = new HashSet<>();
    private long scratchBytes;

    Linker(Schedule schedule, Target target, Predicate<Instruction.Call> library) {
      this.bases = new Bases(schedule);
      this.target = target;
      this.library = library;
      collectRead(schedule.instructions());
    }

    private void collectRead(List<Instruction> instructions) {
      for (Instruction instruction : instructions) {
        instruction.reads().forEach(operand -> read.add(operand.buffer()));
        instruction.bodies().forEach(this::collectRead);
      }
    }

    List<Step> steps(Instruction instruction, int code) {
      var launches = new Launches(bases, numbers, target, code, instruction.isCommit());
      switch (instruction) {
        case Instruction.Compute compute -> compute(compute, launches);
        case Instruction.Group(var kernels) -> launches.together(kernels);
        case Instruction.Call call -> call(call, launches);
        case Instruction.WithEpilogue both -> withEpilogue(both, launches);
        case Instruction.Loop loop -> {
          return List.of(repeat(loop, code));
        }
        case Instruction.While(var condition, Operand holds, var body, _) -> {
          return List.of(new Step.RepeatWhile(steps(condition, code), launches.start(holds), steps(body, code)));
        }
        case Instruction.Cond(Operand predicate, var then, var otherwise, _) -> {
          return List.of(new Step.Choice(launches.start(predicate), steps(then, code), steps(otherwise, code)));
        }
      }
      scratchBytes = Math.max(scratchBytes, launches.partialBytes());
      return launches.steps();
    }

    private List<Step> steps(List<Instruction> instructions, int code) {
      return instructions.stream().flatMap(instruction -> steps(instruction, code).stream()).toList();
    }

    private void call(Instruction.Call call, Launches launches) {
      if (library.test(call)) {
        launches.library(call);
      } else {
        Calls.launch(call, launches);
      }
    }

    /** One kernel where the call has one that takes others along and as many buffers as both have can be handed to it. */
    private void withEpilogue(Instruction.WithEpilogue both, Launches launches) {
      long buffers = both.epilogue().arguments().size() + both.epilogue().outputs().size() + ProductCalls.MOST_OWN_BUFFERS;
      if (library.test(both.call()) || !ProductCalls.isProduct(both.call().op()) || buffers * JointLaunch.PARAMETER_BYTES > target.parameterBytes()) {
        call(both.call(), launches);
        compute(both.epilogue(), launches);
        return;
      }
      BufferRef result = both.result().buffer();
      boolean unstored = both.epilogue().outputs().stream().anyMatch(output -> output.buffer().equals(result))
          || (result instanceof BufferRef.Temporary && !read.contains(result));
      ProductCalls.launch(both.call(), Optional.of(launches.epilogue(both, !unstored)), launches);
    }

    private static void compute(Instruction.Compute compute, Launches launches) {
      launches.generated(compute.kernel(), compute.arguments(), compute.outputs());
    }

    private Step.Repeat repeat(Instruction.Loop loop, int code) {
      List<Step.Moving> slices = Stream.concat(loop.inputs().stream(), loop.outputs().stream())
          .map(slice -> moving(slice.buffer(), slice.whole())).toList();
      return new Step.Repeat(
          loop.length(), number(loop.number(), 1, code), number(loop.number(), 0, code), slices, steps(loop.body(), code));
    }

    private Step.Launch number(Operand number, long first, int code) {
      var launches = new Launches(bases, numbers, target, code, false);
      launches.groups(1, Template.of("number.cl").source(), List.of(launches.start(number)), first);
      return (Step.Launch) launches.steps().getFirst();
    }

    private Step.Moving moving(BufferRef.Slice part, Operand whole) {
      long bytes = whole.dtype().bytes();
      Place first = bases.place(whole.buffer()).plus(whole.layout().offset() * bytes);
      return new Step.Moving(bases.place(part).base(), first, whole.layout().stride(0) * bytes);
    }
  }
}
