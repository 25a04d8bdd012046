package dev.chainrule.kernels;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The launches of one instruction, as they are put together. */
final class Launches {

  private final Bases bases;
  private final Numbers numbers;
  private final Target target;
  private final int code;
  private final boolean gated;
  private final List<Step> steps = new ArrayList<>();
  private int checks;
  private long partialBytes;

  /**
   * @param target the device
   * @param code number of the instruction, from 1
   * @param gated whether it does nothing once something has faulted
   */
  Launches(Bases bases, Numbers numbers, Target target, int code, boolean gated) {
    this.bases = bases;
    this.numbers = numbers;
    this.target = target;
    this.code = code;
    this.gated = gated;
  }

  List<Step> steps() {
    return List.copyOf(steps);
  }

  Target target() {
    return target;
  }

  /**
   * What goes along with a call as its epilogue.
   *
   * @param stored whether the call's own result is stored as well
   */
  Epilogue epilogue(Instruction.WithEpilogue both, boolean stored) {
    checks += both.epilogue().kernel().checks().size();
    return Epilogue.of(both, stored, code, bases);
  }

  void generated(GeneratedKernel kernel, List<Operand> arguments, List<Operand> outputs) {
    members(kernel, arguments, outputs).forEach(this::alone);
  }

  /** Kernels that may run side by side: as few launches as texts and the device's parameters allow. */
  void together(List<Instruction.Compute> computes) {
    Map<String, List<JointLaunch.Member>> alike = new LinkedHashMap<>();
    for (Instruction.Compute compute : computes) {
      List<JointLaunch.Member> members = members(compute.kernel(), compute.arguments(), compute.outputs());
      if (members.size() == 1) {
        alike.computeIfAbsent(members.getFirst().source().body(), _ -> new ArrayList<>()).add(members.getFirst());
      } else {
        members.forEach(this::alone); // one after the other, with numbers between them in a memory that others use, too
      }
    }
    for (List<JointLaunch.Member> members : alike.values()) {
      for (List<JointLaunch.Member> batch : JointLaunch.batches(members, target.parameterBytes())) {
        if (batch.size() == 1) {
          alone(batch.getFirst());
        } else {
          var joint = new JointLaunch(batch);
          add(joint.source(), joint.groups(), joint.places(), joint.numbers());
        }
      }
    }
  }

  private void alone(JointLaunch.Member member) {
    add(member.source().source(), member.source().groups(), member.places(), member.source().geometry());
  }

  /** The kernel, or its stages, which run one after the other; none if there is nothing to do. */
  private List<JointLaunch.Member> members(GeneratedKernel kernel, List<Operand> arguments, List<Operand> outputs) {
    List<JointLaunch.Member> members = new ArrayList<>();
    // Slices move on by whatever a repetition's part is long; all else begins as memory does.
    boolean aligned = Stream.concat(arguments.stream(), outputs.stream()).noneMatch(operand -> operand.buffer() instanceof BufferRef.Slice);
    var means = new GeneratedSource.Means(target.registers() && aligned, target.registers());
    for (GeneratedSource generated : GeneratedSource.of(kernel, code, gated, checks, means)) {
      List<Place> places = new ArrayList<>();
      arguments.forEach(argument -> places.add(bases.place(argument.buffer())));
      outputs.forEach(output -> places.add(bases.place(output.buffer())));
      if (generated.partialBytes() > 0) {
        places.add(Bases.PARTIALS);
        partialBytes = Math.max(partialBytes, generated.partialBytes());
      }
      places.add(Bases.FAULTS);
      if (generated.groups() > 0) {
        members.add(new JointLaunch.Member(generated, places));
      }
    }
    checks += kernel.checks().size();
    return members;
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
    groupsAfter(new long[0], groups, source, operands, rest);
  }

  /** @param before numbers before that of the instruction */
  void groupsAfter(long[] before, long groups, Source source, List<Place> operands, long... rest) {
    long[] all = Arrays.copyOf(before, before.length + 1 + rest.length);
    all[before.length] = code;
    System.arraycopy(rest, 0, all, before.length + 1, rest.length);
    List<Place> places = new ArrayList<>(operands);
    places.add(Bases.FAULTS);
    add(source, groups, places, all);
  }

  private void add(Source source, long groups, List<Place> places, long... all) {
    if (groups > 0) {
      steps.add(new Step.Launch(source, groups, places, numbers.add(all)));
    }
  }

  /** A call that the device makes with its library, or else with the kernels for it. */
  void library(Instruction.Call call) {
    int before = steps.size();
    Calls.launch(call, this);
    List<Step> own = steps.subList(before, steps.size());
    List<Operand> operands = Stream.of(call.inputs(), call.outputs(), call.workspace()).flatMap(List::stream).toList();
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
