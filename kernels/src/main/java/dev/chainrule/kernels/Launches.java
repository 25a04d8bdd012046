package dev.chainrule.kernels;

import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The launches of one instruction, as they are put together. */
final class Launches {

  private final Bases bases;
  private final Numbers numbers;
  private final ProductTiles tiles;
  private final int code;
  private final boolean gated;
  private final List<Step> steps = new ArrayList<>();
  private int checks;
  private long partialBytes;

  /**
   * @param tiles of products
   * @param code number of the instruction, from 1
   * @param gated whether it does nothing once something has faulted
   */
  Launches(Bases bases, Numbers numbers, ProductTiles tiles, int code, boolean gated) {
    this.bases = bases;
    this.numbers = numbers;
    this.tiles = tiles;
    this.code = code;
    this.gated = gated;
  }

  List<Step> steps() {
    return List.copyOf(steps);
  }

  ProductTiles tiles() {
    return tiles;
  }

  void generated(GeneratedKernel kernel, List<Operand> arguments, List<Operand> outputs) {
    List<Place> places = new ArrayList<>();
    arguments.forEach(argument -> places.add(bases.place(argument.buffer())));
    outputs.forEach(output -> places.add(bases.place(output.buffer())));
    List<Place> staged = new ArrayList<>(places);
    staged.add(Bases.PARTIALS);
    for (GeneratedSource generated : GeneratedSource.of(kernel, code, gated, checks)) {
      partialBytes = Math.max(partialBytes, generated.partialBytes());
      add(generated.source(), generated.groups(), generated.partialBytes() == 0 ? places : staged, generated.geometry());
    }
    checks += kernel.checks().size();
  }

  /** What the launches need for numbers between two of them. */
  long partialBytes() {
    return partialBytes;
  }

  /**
   * A kernel written by hand that gives each of so many elements to a thread.
   *
   * @param dense operands without gaps
   * @param rest the numbers after that of the instruction
   */
  void each(long elements, Template template, List<Operand> dense, long... rest) {
    groups(Math.min(GeneratedSource.MOST_GROUPS, Math.ceilDiv(elements, Source.THREADS)), template.source(), places(dense), rest);
  }

  /** A kernel written by hand on so many groups; none is no launch. */
  void groups(long groups, Source source, List<Place> operands, long... rest) {
    long[] all = new long[rest.length + 1];
    all[0] = code;
    System.arraycopy(rest, 0, all, 1, rest.length);
    add(source, groups, operands, all);
  }

  private void add(Source source, long groups, List<Place> operands, long... all) {
    if (groups > 0) {
      List<Place> places = new ArrayList<>(operands);
      places.add(Bases.FAULTS);
      steps.add(new Step.Launch(source, groups, places, numbers.add(all)));
    }
  }

  /** A call that the device makes with its library, or else with the kernels for it. */
  void library(Instruction.Call call) {
    int before = steps.size();
    Calls.launch(call, this);
    List<Step> own = steps.subList(before, steps.size());
    List<Operand> operands = Stream.concat(call.inputs().stream(), call.outputs().stream()).toList();
    var either = new Step.LibraryCall(call, places(operands), own);
    own.clear();
    steps.add(either);
  }

  /** Where operands begin. */
  List<Place> places(List<Operand> operands) {
    return operands.stream().map(this::start).toList();
  }

  /** Where the first element lies. */
  Place start(Operand operand) {
    return bases.place(operand.buffer()).plus(operand.layout().offset() * operand.dtype().bytes());
  }
}
