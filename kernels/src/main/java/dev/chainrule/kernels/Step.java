package dev.chainrule.kernels;

import dev.chainrule.schedule.Instruction;
import java.util.List;

/** What the host does for a plan, one thing after the other. */
public sealed interface Step {

  /**
   * A kernel to start.
   *
   * @param places of its buffers, in the order of its parameters
   * @param numbers where its sizes and strides begin among {@link GpuProgram#numbers}
   */
  record Launch(Source source, long groups, List<Place> places, int numbers) implements Step {
    /** Copies the list. */
    public Launch {
      places = List.copyOf(places);
    }
  }

  /**
   * An operation that the device said it has a library for.
   *
   * @param places of its operands' first elements, inputs, then outputs, then its workspace where it has one
   * @param otherwise kernels that do the same, should the library turn out not to
   */
  record LibraryCall(Instruction.Call call, List<Place> places, List<Step> otherwise) implements Step {
    /** Copies the lists. */
    public LibraryCall {
      places = List.copyOf(places);
      otherwise = List.copyOf(otherwise);
    }
  }

  /**
   * A number of repetitions.
   *
   * @param zero sets the number of the repetition to 0
   * @param next adds 1 to it
   */
  record Repeat(long length, Launch zero, Launch next, List<Moving> slices, List<Step> body) implements Step {
    /** Copies the lists. */
    public Repeat {
      slices = List.copyOf(slices);
      body = List.copyOf(body);
    }
  }

  /**
   * An entry of the table of memories that moves on with the repetitions.
   *
   * @param first where it is in the first repetition
   * @param bytes from one repetition to the next
   */
  record Moving(int base, Place first, long bytes) {}

  /** The condition; as long as it leaves a byte other than 0 and nothing has faulted, the body and the condition again. */
  record RepeatWhile(List<Step> condition, Place holds, List<Step> body) implements Step {
    /** Copies the lists. */
    public RepeatWhile {
      condition = List.copyOf(condition);
      body = List.copyOf(body);
    }
  }

  /** One of two lists, as a byte says. */
  record Choice(Place predicate, List<Step> then, List<Step> otherwise) implements Step {
    /** Copies the lists. */
    public Choice {
      then = List.copyOf(then);
      otherwise = List.copyOf(otherwise);
    }
  }
}
