package dev.chainrule.conformance;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Source;
import dev.chainrule.kernels.Step;
import dev.chainrule.schedule.Schedule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A program whose kernels are functions of a library of its own. Memories are addresses. */
final class CompiledExecutable implements Executable {

  static final FunctionDescriptor RUN = FunctionDescriptor.of(
      ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS);

  private final GpuProgram program;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment fixed;
  private final MemorySegment frame;
  private final MemorySegment scratch;
  private final long[] addresses;
  private final Map<String, MemorySegment> kernels = new HashMap<>();
  private final MethodHandle run;

  @SuppressWarnings("restricted") // the functions have been written for this type
  CompiledExecutable(GpuProgram program) {
    this.program = program;
    this.fixed = arena.allocate(Math.max(1, program.fixedBytes()), Schedule.ALIGNMENT);
    this.frame = arena.allocate(program.frameBytes(), Schedule.ALIGNMENT);
    this.scratch = arena.allocate(Math.max(1, program.scratchBytes()), Schedule.ALIGNMENT);
    this.addresses = new long[program.bases().count()];
    program.writeFixed(fixed);
    Map<String, Integer> buffers = new HashMap<>();
    program.instructions().forEach(steps -> count(steps, buffers));
    String text = Dialect.HOST.head(true) + threads() + program.sources().stream()
        .map(source -> source.text() + call(source.name(), Objects.requireNonNull(buffers.get(source.name()))))
        .collect(Collectors.joining("\n"));
    SymbolLookup library = CppCompiler.compile(text);
    program.sources().forEach(source -> kernels.put(source.name(), library.findOrThrow("call_" + source.name())));
    this.run = Linker.nativeLinker().downcallHandle(library.findOrThrow("run_kernel"), RUN);
  }

  /** What runs kernels, to stand behind the head. */
  static String threads() {
    try (InputStream file = Objects.requireNonNull(CompiledExecutable.class.getResourceAsStream("threads.h"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void count(List<Step> steps, Map<String, Integer> buffers) {
    for (Step step : steps) {
      switch (step) {
        case Step.Launch launch -> buffers.put(launch.source().name(), launch.places().size());
        case Step.LibraryCall call -> count(call.otherwise(), buffers);
        case Step.Repeat repeat -> {
          count(List.of(repeat.zero()), buffers);
          count(repeat.body(), buffers);
        }
        case Step.RepeatWhile repeat -> {
          count(repeat.condition(), buffers);
          count(repeat.body(), buffers);
        }
        case Step.Choice choice -> {
          count(choice.then(), buffers);
          count(choice.otherwise(), buffers);
        }
      }
    }
  }

  /** A kernel with its arguments out of two arrays. */
  static String call(String name, int buffers) {
    String arguments = IntStream.range(0, buffers).mapToObj(i -> "(u8 *)b[%1$d], o[%1$d], ".formatted(i)).collect(Collectors.joining());
    return "extern \"C\" void call_%1$s(void *const *b, const i64 *o) { %1$s(%2$s(const i64 *)b[%3$d], o[%3$d]); }%n"
        .formatted(name, arguments, buffers);
  }

  Fault run(Queue.Bindings bindings) {
    bind(bindings);
    frame.set(ValueLayout.JAVA_INT, 0, 0);
    frame.set(ValueLayout.JAVA_INT, Integer.BYTES, -1);
    MemorySegment.copy(bindings.parameters(), 0, frame, Bases.PARAMETERS, frame.byteSize() - Bases.PARAMETERS);
    program.instructions().forEach(this::run);
    return fault();
  }

  private Fault fault() {
    int code = frame.get(ValueLayout.JAVA_INT, 0);
    return code == 0 ? Fault.NONE : new Fault(code - 1, Integer.toUnsignedLong(frame.get(ValueLayout.JAVA_INT, Integer.BYTES)));
  }

  private void bind(Queue.Bindings bindings) {
    addresses[Bases.ARENA] = address(bindings.arena());
    addresses[Bases.FRAME] = frame.address();
    addresses[Bases.FIXED] = fixed.address();
    addresses[Bases.SCRATCH] = scratch.address();
    bind(Bases.INPUTS, bindings.inputs(), program.schedule().inputs());
    bind(program.bases().states(), bindings.states(), program.schedule().states());
    bind(program.bases().outputs(), bindings.outputs(), program.schedule().outputs());
  }

  private void bind(int first, List<Memory> memories, List<TensorType> types) {
    for (int i = 0; i < types.size(); i++) {
      addresses[first + i] = address(memories.get(i));
    }
  }

  private static long address(Memory memory) {
    return ((PlainDevice.Segment) memory).segment().address();
  }

  private void run(List<Step> steps) {
    for (Step step : steps) {
      switch (step) {
        case Step.Launch launch -> launch(launch);
        case Step.LibraryCall call -> run(call.otherwise());
        case Step.Repeat repeat -> {
          for (long i = 0; i < repeat.length(); i++) {
            launch(i == 0 ? repeat.zero() : repeat.next());
            for (Step.Moving slice : repeat.slices()) {
              addresses[slice.base()] = address(slice.first()) + i * slice.bytes();
            }
            run(repeat.body());
          }
        }
        case Step.RepeatWhile repeat -> {
          run(repeat.condition());
          while (holds(repeat.holds()) && !fault().occurred()) {
            run(repeat.body());
            run(repeat.condition());
          }
        }
        case Step.Choice choice -> run(holds(choice.predicate()) ? choice.then() : choice.otherwise());
      }
    }
  }

  private long address(Place place) {
    return addresses[place.base()] + place.offset();
  }

  @SuppressWarnings("restricted") // one byte of memory that a run has bound
  private boolean holds(Place place) {
    return MemorySegment.ofAddress(address(place)).reinterpret(1).get(ValueLayout.JAVA_BYTE, 0) != 0;
  }

  private void launch(Step.Launch launch) {
    Source source = launch.source();
    int waits = source.text().contains("BARRIER()") ? 1 : 0;
    int count = launch.places().size() + 1;
    try (Arena once = Arena.ofConfined()) {
      MemorySegment buffers = once.allocate(ValueLayout.JAVA_LONG, count);
      MemorySegment offsets = once.allocate(ValueLayout.JAVA_LONG, count);
      for (int i = 0; i < count - 1; i++) {
        buffers.setAtIndex(ValueLayout.JAVA_LONG, i, addresses[launch.places().get(i).base()]);
        offsets.setAtIndex(ValueLayout.JAVA_LONG, i, launch.places().get(i).offset());
      }
      buffers.setAtIndex(ValueLayout.JAVA_LONG, count - 1, address(program.numbersPlace()));
      offsets.setAtIndex(ValueLayout.JAVA_LONG, count - 1, launch.numbers());
      int outcome = (int) run.invokeExact(kernels.get(source.name()), launch.groups(), waits, buffers, offsets);
      if (outcome != 0) {
        throw new IllegalStateException("some threads of a group wait for others that have ended, in\n" + source.text());
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(source.name() + " could not be called", e);
    }
  }

  /** Its memories are the collector's. */
  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void close() {}
}
