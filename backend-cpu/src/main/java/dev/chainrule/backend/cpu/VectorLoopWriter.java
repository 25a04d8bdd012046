package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Writes a {@link VectorProgram} as a class: one method with one loop, in one over rows if it is by rows, a vector of every value at a time. Loads come before the first
 * store of a round, so a program may write where it reads. Traffic: streams once from memory and once to it, values in machine registers.
 *
 * <p>Addresses are absolute, in a segment that is a constant, so that no other code's segments are in the method's profile. There is no
 * second, masked copy of the loop for the last elements, which would be slow until it had run as often as the first:
 * {@link VectorCode} hands them over in a vector of their own.
 */
final class VectorLoopWriter {

  private static final ClassDesc REGISTERS = ClassDesc.of(Registers.class.getName());
  private static final ClassDesc LOOP = ClassDesc.of(VectorLoop.class.getName());
  private static final ClassDesc CLASS = ClassDesc.of(VectorLoop.class.getPackageName(), "GeneratedVectorLoop");
  private static final MethodTypeDesc RUN = MethodTypeDesc.of(ConstantDescs.CD_void, REGISTERS, ConstantDescs.CD_long.arrayType(),
      ConstantDescs.CD_int, ConstantDescs.CD_int);

  /** Parameters of {@link VectorLoop#run}. */
  private static final int REGISTERS_LOCAL = 1;
  private static final int ADDRESSES = 2;
  private static final int AT = 3;
  private static final int N = 4;

  private final VectorProgram program;
  private final CodeBuilder code;
  private final VectorAssembler assembler;
  private final VectorForm[] forms;

  /** For each value the local variable that holds its vector. */
  private final int[] locals;

  private final Map<Integer, Integer> bases = new HashMap<>();
  private final Map<List<Object>, Integer> arrays = new HashMap<>();
  private final Map<Integer, Integer> largest = new LinkedHashMap<>();
  private final Map<VectorProgram.ToLanes, int[]> lanes = new LinkedHashMap<>();
  private int start;

  /** The first element of the row and the one that is computed, in registers. */
  private int rowStart;

  private int index;
  private int column;

  /** The number of the row, of a program by rows. */
  private int row;

  /** How many elements have been done, which is how many bytes of those with 8 bits, and bytes of those with 16 and 32. */
  private int elements;

  private int halfOffset;
  private int offset;

  private VectorLoopWriter(VectorProgram program, CodeBuilder code) {
    this.program = program;
    this.code = code;
    this.assembler = new VectorAssembler(code);
    this.forms = new VectorForm[program.values().size()];
    this.locals = new int[program.values().size()];
  }

  /** The program as an object of a class of its own, which goes when nobody has the object any more. */
  static VectorLoop define(VectorProgram program) {
    byte[] bytes = ClassFile.of().build(CLASS, type -> type
        .withFlags(AccessFlag.FINAL, AccessFlag.SYNTHETIC)
        .withInterfaceSymbols(LOOP)
        .withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, 0,
            code -> code.aload(0).invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void).return_())
        .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL, code -> new VectorLoopWriter(program, code).write()));
    try {
      MethodHandles.Lookup defined = MethodHandles.lookup().defineHiddenClass(bytes, true);
      return (VectorLoop) defined.findConstructor(defined.lookupClass(), MethodType.methodType(void.class)).invoke();
    } catch (Throwable e) {
      throw new IllegalStateException("[cpu] a generated class does not link: " + program, e);
    }
  }

  private void write() {
    idle();
    start = code.allocateLocal(TypeKind.INT);
    code.iconst_0().istore(start);
    prepare();
    rowStart = code.allocateLocal(TypeKind.INT);
    index = code.allocateLocal(TypeKind.INT);
    column = code.allocateLocal(TypeKind.INT);
    elements = code.allocateLocal(TypeKind.LONG);
    halfOffset = code.allocateLocal(TypeKind.LONG);
    offset = code.allocateLocal(TypeKind.LONG);
    int end = code.allocateLocal(TypeKind.INT);
    code.iload(AT).istore(rowStart);
    code.iload(AT).iload(N).iadd().istore(end);
    if (program.byRows()) {
      rows(end);
    } else {
      elements(end);
    }
    largest.forEach((register, local) -> {
      code.aload(local);
      assembler.storeToArray(VectorForm.INTS, array(RegisterKind.INT, register), start);
    });
    code.return_();
  }

  private void rows(int end) {
    int length = code.allocateLocal(TypeKind.INT);
    int rowEnd = code.allocateLocal(TypeKind.INT);
    row = code.allocateLocal(TypeKind.INT);
    int[] steps = bases.keySet().stream().mapToInt(address -> address).toArray();
    code.aload(REGISTERS_LOCAL).getfield(REGISTERS, "rowLength", ConstantDescs.CD_int).istore(length);
    code.aload(REGISTERS_LOCAL).getfield(REGISTERS, "firstRow", ConstantDescs.CD_int).istore(row);
    Label top = code.newLabel();
    Label done = code.newLabel();
    code.labelBinding(top).iload(rowStart).iload(end).if_icmpge(done);
    code.iload(rowStart).iload(length).iadd().istore(rowEnd);
    beginRow();
    elements(rowEnd);
    lanes.forEach(this::endRow);
    for (int address : steps) {
      int base = base(address);
      code.lload(base).aload(REGISTERS_LOCAL).getfield(REGISTERS, "steps", ConstantDescs.CD_long.arrayType());
      code.loadConstant(address).laload().ladd().lstore(base);
    }
    code.iinc(row, 1).iload(rowEnd).istore(rowStart).goto_(top);
    code.labelBinding(done);
  }

  /** From {@code rowStart} to {@code end}. */
  private void elements(int end) {
    Label top = code.newLabel();
    Label done = code.newLabel();
    code.iload(rowStart).istore(index);
    code.labelBinding(top).iload(index).iload(end).if_icmpge(done);
    code.iload(index).iload(rowStart).isub().istore(column);
    code.iload(column).i2l().lstore(elements);
    code.lload(elements).loadConstant(1).lshl().lstore(halfOffset);
    code.lload(elements).loadConstant(2).lshl().lstore(offset);
    for (int i = 0; i < locals.length; i++) {
      value(i);
    }
    program.sinks().forEach(this::sink);
    code.iinc(index, VectorWidth.LANES).goto_(top);
    code.labelBinding(done);
  }

  /** The empty loop that {@link WarmUp} has turn; before all else, so that what vectors need is not made in vain. */
  private void idle() {
    int turns = code.allocateLocal(TypeKind.INT);
    Label top = code.newLabel();
    Label done = code.newLabel();
    Label work = code.newLabel();
    code.aload(REGISTERS_LOCAL).getfield(REGISTERS, "idleTurns", ConstantDescs.CD_int).istore(turns);
    code.iload(turns).ifeq(work);
    code.labelBinding(top).iload(turns).ifle(done).iinc(turns, -1).goto_(top);
    code.labelBinding(done).return_();
    code.labelBinding(work);
  }

  // --- before the loop ---------------------------------------------------------------------------------------------------------------

  private void prepare() {
    for (int i = 0; i < locals.length; i++) {
      locals[i] = code.allocateLocal(TypeKind.REFERENCE);
      switch (program.values().get(i)) {
        case VectorProgram.Stream stream -> {
          forms[i] = VectorForm.of(stream.dtype());
          base(stream.address());
        }
        case VectorProgram.Elements elements -> {
          forms[i] = VectorForm.of(elements.kind());
          array(elements.kind(), elements.register());
        }
        case VectorProgram.First first -> {
          forms[i] = VectorForm.of(first.kind());
          assembler.broadcastFirst(forms[i], array(first.kind(), first.register()));
          code.astore(locals[i]);
        }
        case VectorProgram.RowNumber number -> {
          forms[i] = VectorForm.of(number.dtype());
          base(number.address());
        }
        case VectorProgram.OfRow number -> {
          forms[i] = VectorForm.of(number.kind());
          array(number.kind(), number.register());
        }
        case VectorProgram.OfColumns columns -> {
          forms[i] = VectorForm.of(columns.kind());
          array(columns.kind(), columns.register());
        }
        case VectorProgram.Operation _ -> {}
      }
    }
    for (VectorProgram.Sink sink : program.sinks()) {
      switch (sink) {
        case VectorProgram.ToMemory memory -> base(memory.address());
        case VectorProgram.ToRegister register -> array(register.kind(), register.register());
        case VectorProgram.ToCheck check -> check(check.register());
        case VectorProgram.ToColumns columns -> array(RegisterKind.FLOAT, columns.register());
        case VectorProgram.ToLanes fold -> {
          array(RegisterKind.FLOAT, fold.register());
          lanes.put(fold, allocateLanes());
        }
      }
    }
  }

  private int[] allocateLanes() {
    return IntStream.range(0, Folding.LANES / VectorWidth.LANES).map(_ -> code.allocateLocal(TypeKind.REFERENCE)).toArray();
  }

  // --- rows --------------------------------------------------------------------------------------------------------------------------

  private void beginRow() {
    for (int i = 0; i < locals.length; i++) {
      switch (program.values().get(i)) {
        case VectorProgram.RowNumber number -> {
          assembler.broadcastFromMemory(forms[i], base(number.address()));
          code.astore(locals[i]);
        }
        case VectorProgram.OfRow number -> {
          assembler.broadcast(forms[i], array(number.kind(), number.register()), row);
          code.astore(locals[i]);
        }
        case VectorProgram.Stream _, VectorProgram.Elements _, VectorProgram.First _, VectorProgram.OfColumns _,
            VectorProgram.Operation _ -> {}
      }
    }
    lanes.forEach((sink, locals) -> {
      for (int local : locals) {
        assembler.identity(sink.fold());
        code.astore(local);
      }
    });
  }

  /**
   * Vectors take the elements in turn, by handing on from local variable to local variable: the next one's is always the first. Whose turn
   * is next at the end makes no difference, since vectors half a round apart are joined.
   */
  private void endRow(VectorProgram.ToLanes sink, int[] locals) {
    for (int half = locals.length / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        code.aload(locals[i]).aload(locals[i + half]);
        assembler.combine(sink.fold());
        code.astore(locals[i]);
      }
    }
    int at = code.allocateLocal(TypeKind.INT);
    code.iload(row).loadConstant(VectorWidth.LANES).imul().istore(at);
    code.aload(locals[0]);
    assembler.storeToArray(VectorForm.FLOATS, array(RegisterKind.FLOAT, sink.register()), at);
  }

  /** The vector on the stack is the last from now on. */
  private void handOn(int[] locals) {
    for (int i = 1; i < locals.length; i++) {
      code.aload(locals[i]).astore(locals[i - 1]);
    }
    code.astore(locals[locals.length - 1]);
  }

  /** The local variable that holds an entry of the table of addresses. */
  private int base(int address) {
    return bases.computeIfAbsent(address, _ -> {
      int local = code.allocateLocal(TypeKind.LONG);
      code.aload(ADDRESSES).loadConstant(address).laload().lstore(local);
      return local;
    });
  }

  /** The local variable that holds the largest magnitudes of a check so far; before the loop they come from its register. */
  private int check(int register) {
    return largest.computeIfAbsent(register, _ -> {
      int local = code.allocateLocal(TypeKind.REFERENCE);
      assembler.loadFromArray(VectorForm.INTS, array(RegisterKind.INT, register), start);
      code.astore(local);
      return local;
    });
  }

  /** The local variable that holds a register. */
  private int array(RegisterKind kind, int register) {
    return arrays.computeIfAbsent(List.of(kind, register), _ -> {
      boolean floats = kind == RegisterKind.FLOAT;
      ClassDesc type = (floats ? ConstantDescs.CD_float : ConstantDescs.CD_int).arrayType();
      int local = code.allocateLocal(TypeKind.REFERENCE);
      code.aload(REGISTERS_LOCAL).loadConstant(register);
      code.invokevirtual(REGISTERS, floats ? "floats" : "ints", MethodTypeDesc.of(type, ConstantDescs.CD_int)).astore(local);
      return local;
    });
  }

  // --- in the loop -------------------------------------------------------------------------------------------------------------------

  private void value(int number) {
    switch (program.values().get(number)) {
      case VectorProgram.Stream(DType dtype, int address) when dtype.bytes() == 1 -> assembler.loadBytes(base(address), elements);
      case VectorProgram.Stream(DType dtype, int address) when dtype == DType.BF16 -> assembler.loadBrains(base(address), halfOffset);
      case VectorProgram.Stream stream -> assembler.loadFromMemory(forms[number], base(stream.address()), offset);
      case VectorProgram.Elements elements ->
          assembler.loadFromArray(forms[number], array(elements.kind(), elements.register()), index);
      case VectorProgram.OfColumns columns ->
          assembler.loadFromArray(forms[number], array(columns.kind(), columns.register()), column);
      case VectorProgram.First _, VectorProgram.RowNumber _, VectorProgram.OfRow _ -> {
        return;
      }
      case VectorProgram.Operation operation -> operation(number, operation);
    }
    code.astore(locals[number]);
  }

  private void operation(int number, VectorProgram.Operation operation) {
    if (operation.op() instanceof Op.Where) {
      forms[number] = VectorForm.of(operation.dtype());
      push(operation.arguments().get(2), forms[number]);
      push(operation.arguments().get(1), forms[number]);
      push(operation.arguments().get(0), forms[number].mask());
      assembler.blend(forms[number]);
      return;
    }
    VectorOperations.Written written =
        VectorOperations.of(operation.op(), operation.operands(), operation.dtype()).orElseThrow();
    push(operation.arguments().getFirst(), written.operands());
    for (int argument : operation.arguments().subList(1, operation.arguments().size())) {
      if (!written.infix().isEmpty()) {
        assembler.operator(written.infix());
      }
      push(argument, written.operands());
    }
    written.code().write(assembler);
    forms[number] = written.result();
  }

  private void push(int number, VectorForm form) {
    code.aload(locals[number]);
    assembler.convert(forms[number], form);
  }

  private void sink(VectorProgram.Sink sink) {
    switch (sink) {
      case VectorProgram.ToMemory(int value, DType dtype, int address) when dtype.bytes() == 1 -> {
        push(value, VectorForm.INTS);
        assembler.storeBytes(base(address), elements);
      }
      case VectorProgram.ToMemory(int value, DType dtype, int address) when dtype == DType.BF16 -> {
        push(value, VectorForm.FLOATS);
        assembler.storeBrains(base(address), halfOffset);
      }
      case VectorProgram.ToMemory(int value, DType dtype, int address) -> {
        push(value, VectorForm.of(dtype));
        assembler.storeToMemory(VectorForm.of(dtype), base(address), offset);
      }
      case VectorProgram.ToRegister(int value, RegisterKind kind, int register) -> {
        push(value, VectorForm.of(kind));
        assembler.storeToArray(VectorForm.of(kind), array(kind, register), index);
      }
      case VectorProgram.ToCheck(int value, int register) -> {
        int largest = check(register);
        push(value, VectorForm.FLOATS);
        assembler.reinterpret(VectorForm.INTS);
        assembler.withInt("and", Integer.MAX_VALUE);
        // Last, as an argument: what comes around the loop has no known class to call a method of until this one has.
        code.aload(largest);
        assembler.withVector("max", VectorForm.INTS);
        code.astore(largest);
      }
      case VectorProgram.ToColumns columns -> {
        int sums = array(RegisterKind.FLOAT, columns.register());
        assembler.loadFromArray(VectorForm.FLOATS, sums, column);
        push(columns.value(), VectorForm.FLOATS);
        assembler.combine(Op.Fold.SUM);
        assembler.storeToArray(VectorForm.FLOATS, sums, column);
      }
      case VectorProgram.ToLanes fold -> {
        int[] locals = Objects.requireNonNull(lanes.get(fold));
        push(fold.value(), VectorForm.FLOATS);
        code.aload(locals[0]);
        assembler.combine(fold.fold());
        handOn(locals);
      }
    }
  }
}
