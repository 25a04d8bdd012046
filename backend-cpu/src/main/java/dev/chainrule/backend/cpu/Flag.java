package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Operand;
import java.lang.foreign.ValueLayout;

/** A bool scalar that decides what is run. */
final class Flag {

  private final Place place;
  private final long offset;

  Flag(Operand operand, Bases bases) {
    this.place = bases.place(operand.buffer());
    this.offset = operand.layout().offset();
  }

  boolean isSet(Frame frame) {
    return OffHeap.MEMORY.get(ValueLayout.JAVA_BYTE, place.address(frame) + offset) != 0;
  }
}
