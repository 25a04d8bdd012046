package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Layout;

/** Loads blocks of any type as doubles, if it is a floating one, or else as longs: for kernels that tell apart only these two. */
final class WideLoader {

  /** The double or long register that blocks are loaded into. */
  static final int REGISTER = 1;

  private final Place place;
  private final BlockLoader loader;
  private final RegisterKind kind;
  private final RegisterKind wide;
  private final Loops.Conversion<Object, Object> widen;

  WideLoader(Place place, Layout layout, DType dtype) {
    this.place = place;
    this.loader = new BlockLoader(layout, dtype);
    this.kind = RegisterKind.of(dtype);
    this.wide = wide(dtype);
    this.widen = Conversions.between(dtype, wide == RegisterKind.DOUBLE ? DType.F64 : DType.I64);
  }

  static RegisterKind wide(DType dtype) {
    return dtype.isFloating() ? RegisterKind.DOUBLE : RegisterKind.LONG;
  }

  void load(Frame frame, long start, int n, Registers registers) {
    Object narrow = registers.array(kind, 0);
    loader.load(place.address(frame), start, n, registers, narrow);
    widen.apply(registers.array(wide, REGISTER), narrow, n);
  }
}
