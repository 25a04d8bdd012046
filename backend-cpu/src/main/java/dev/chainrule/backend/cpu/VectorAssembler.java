package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Writes calls of the Vector API into a method. Names classes without loading them. Functions of {@link VectorMath} are copied into it,
 * until the method is so long that the JVM would never compile it with more; further ones are called.
 */
final class VectorAssembler {

  private static final String API = "jdk.incubator.vector.";
  private static final ClassDesc VECTOR = ClassDesc.of(API + "Vector");
  private static final ClassDesc FLOAT_VECTOR = ClassDesc.of(API + "FloatVector");
  private static final ClassDesc INT_VECTOR = ClassDesc.of(API + "IntVector");
  private static final ClassDesc SHORT_VECTOR = ClassDesc.of(API + "ShortVector");
  private static final ClassDesc BYTE_VECTOR = ClassDesc.of(API + "ByteVector");
  private static final ClassDesc MASK = ClassDesc.of(API + "VectorMask");
  private static final ClassDesc SPECIES = ClassDesc.of(API + "VectorSpecies");
  private static final ClassDesc OPERATORS = ClassDesc.of(API + "VectorOperators");
  private static final ClassDesc BINARY = OPERATORS.nested("Binary");
  private static final ClassDesc ASSOCIATIVE = OPERATORS.nested("Associative");
  private static final ClassDesc CONVERSION = OPERATORS.nested("Conversion");
  private static final ClassDesc COMPARISON = OPERATORS.nested("Comparison");
  private static final ClassDesc SEGMENT = ClassDesc.of("java.lang.foreign.MemorySegment");
  private static final ClassDesc BYTE_ORDER = ClassDesc.of("java.nio.ByteOrder");
  private static final ClassDesc OFF_HEAP = ClassDesc.of(OffHeap.class.getName());
  private static final ClassDesc MATH = ClassDesc.of(VectorMath.class.getName());

  /** Bytes of copied functions at most. HotSpot interprets methods of more than 8,000 bytes for ever. */
  private static final int MOST_COPIED = 6000;

  private final CodeBuilder code;
  private int copied;

  VectorAssembler(CodeBuilder code) {
    this.code = code;
  }

  private static ClassDesc type(VectorForm form) {
    return switch (form) {
      case FLOATS -> FLOAT_VECTOR;
      case INTS -> INT_VECTOR;
      case FLOAT_MASK, INT_MASK -> MASK;
    };
  }

  private static ClassDesc element(VectorForm form) {
    return form == VectorForm.FLOATS ? ConstantDescs.CD_float : ConstantDescs.CD_int;
  }

  // --- operations --------------------------------------------------------------------------------------------------------------------

  /** A method without arguments. */
  void own(String name, VectorForm form) {
    code.invokevirtual(type(form), name, MethodTypeDesc.of(type(form)));
  }

  /** A method of an int vector and a number. */
  void withInt(String name, int number) {
    code.loadConstant(number);
    code.invokevirtual(INT_VECTOR, name, MethodTypeDesc.of(INT_VECTOR, ConstantDescs.CD_int));
  }

  /** A method of two vectors. */
  void withVector(String name, VectorForm form) {
    code.invokevirtual(type(form), name, MethodTypeDesc.of(type(form), VECTOR));
  }

  /** An operation of ints that has no method of its own, pushed between its operands. */
  void lanewise() {
    code.invokevirtual(INT_VECTOR, "lanewise", MethodTypeDesc.of(INT_VECTOR, BINARY, VECTOR));
  }

  void lanewiseInt(String operator, int number) {
    operator(operator);
    code.loadConstant(number);
    code.invokevirtual(INT_VECTOR, "lanewise", MethodTypeDesc.of(INT_VECTOR, BINARY, ConstantDescs.CD_int));
  }

  void compare(VectorForm form) {
    code.invokevirtual(type(form), "compare", MethodTypeDesc.of(MASK, COMPARISON, VECTOR));
  }

  void isNotZero(VectorForm form) {
    operator("NE");
    if (form == VectorForm.FLOATS) {
      code.fconst_0();
    } else {
      code.iconst_0();
    }
    code.invokevirtual(type(form), "compare", MethodTypeDesc.of(MASK, COMPARISON, element(form)));
  }

  void reinterpret(VectorForm to) {
    if (to == VectorForm.INTS) {
      code.invokevirtual(FLOAT_VECTOR, "reinterpretAsInts", MethodTypeDesc.of(INT_VECTOR));
    } else {
      code.invokevirtual(INT_VECTOR, "reinterpretAsFloats", MethodTypeDesc.of(FLOAT_VECTOR));
    }
  }

  /** On the stack: what holds elsewhere, what holds where the mask is set, the mask. */
  void blend(VectorForm form) {
    code.invokevirtual(type(form), "blend", MethodTypeDesc.of(type(form), VECTOR, MASK));
  }

  /** A function of {@link VectorMath}. */
  void math(String name, VectorForm from, VectorForm to) {
    math(name, MethodTypeDesc.of(type(to), type(from)));
  }

  /** A function of {@link VectorMath} with two arguments. */
  void mathOfTwo(String name) {
    math(name, MethodTypeDesc.of(FLOAT_VECTOR, FLOAT_VECTOR, FLOAT_VECTOR));
  }

  private void math(String name, MethodTypeDesc type) {
    InlinedFunction function = InlinedFunction.of(name, type);
    if (copied + function.size() <= MOST_COPIED) {
      function.write(code);
      copied += function.size();
    } else {
      code.invokestatic(MATH, name, type);
    }
  }

  /** Pushes a constant of VectorOperators. */
  void operator(String name) {
    code.getstatic(OPERATORS, name, switch (name) {
      case "EQ", "LT", "LE", "NE" -> COMPARISON;
      case "LSHL", "ASHR", "LSHR" -> BINARY;
      default -> ASSOCIATIVE;
    });
  }

  // --- forms -------------------------------------------------------------------------------------------------------------------------

  /** Replaces the value on top of the stack by the same in another form. */
  void convert(VectorForm from, VectorForm to) {
    if (from == to) {
      return;
    }
    if (from.isMask() && to.isMask()) {
      species(to == VectorForm.FLOAT_MASK ? VectorForm.FLOATS : VectorForm.INTS);
      code.invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
    } else if (from == VectorForm.INTS) {
      isNotZero(VectorForm.INTS);
      convert(VectorForm.INT_MASK, to);
    } else {
      convert(from, VectorForm.INT_MASK);
      species(VectorForm.INTS);
      code.invokestatic(INT_VECTOR, "zero", MethodTypeDesc.of(INT_VECTOR, SPECIES));
      code.swap();
      code.iconst_1();
      code.swap();
      code.invokevirtual(INT_VECTOR, "blend", MethodTypeDesc.of(INT_VECTOR, ConstantDescs.CD_int, MASK));
    }
  }

  private void species(VectorForm form) {
    code.getstatic(type(form), "SPECIES_PREFERRED", SPECIES);
  }

  // --- memory ------------------------------------------------------------------------------------------------------------------------

  void loadFromMemory(VectorForm form, int baseLocal, int offsetLocal) {
    species(form);
    segment(baseLocal, offsetLocal);
    code.invokestatic(type(form), "fromMemorySegment", MethodTypeDesc.of(type(form), SPECIES, SEGMENT, ConstantDescs.CD_long, BYTE_ORDER));
  }

  /** Stores the vector on the stack. */
  void storeToMemory(VectorForm form, int baseLocal, int offsetLocal) {
    segment(baseLocal, offsetLocal);
    code.invokevirtual(type(form), "intoMemorySegment",
        MethodTypeDesc.of(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, BYTE_ORDER));
  }

  private void segment(int baseLocal, int offsetLocal) {
    code.getstatic(OFF_HEAP, "MEMORY", SEGMENT);
    code.lload(baseLocal).lload(offsetLocal).ladd();
    code.getstatic(BYTE_ORDER, "LITTLE_ENDIAN", BYTE_ORDER);
  }

  /** As many bytes as an int vector has lanes, as ints from 0 to 255. */
  void loadBytes(int baseLocal, int offsetLocal) {
    loadNarrow(BYTE_VECTOR, Byte.SIZE, "ZERO_EXTEND_B2I", baseLocal, offsetLocal);
  }

  /** Stores the lowest byte of each int of the vector on the stack. */
  void storeBytes(int baseLocal, int offsetLocal) {
    storeNarrow(BYTE_VECTOR, Byte.SIZE, "I2B", baseLocal, offsetLocal);
  }

  /** As many bf16 as a float vector has lanes: the upper halves of floats. */
  void loadBrains(int baseLocal, int offsetLocal) {
    loadNarrow(SHORT_VECTOR, Short.SIZE, "ZERO_EXTEND_S2I", baseLocal, offsetLocal);
    lanewiseInt("LSHL", Short.SIZE);
    reinterpret(VectorForm.FLOATS);
  }

  /** Stores the upper half of each float of the vector on the stack. */
  void storeBrains(int baseLocal, int offsetLocal) {
    reinterpret(VectorForm.INTS);
    lanewiseInt("LSHR", Short.SIZE);
    storeNarrow(SHORT_VECTOR, Short.SIZE, "I2S", baseLocal, offsetLocal);
  }

  private void loadNarrow(ClassDesc type, int bits, String extension, int baseLocal, int offsetLocal) {
    species(type, bits);
    segment(baseLocal, offsetLocal);
    code.invokestatic(type, "fromMemorySegment", MethodTypeDesc.of(type, SPECIES, SEGMENT, ConstantDescs.CD_long, BYTE_ORDER));
    code.getstatic(OPERATORS, extension, CONVERSION);
    species(VectorForm.INTS);
    convertShape(type, INT_VECTOR);
  }

  private void storeNarrow(ClassDesc type, int bits, String conversion, int baseLocal, int offsetLocal) {
    code.getstatic(OPERATORS, conversion, CONVERSION);
    species(type, bits);
    convertShape(INT_VECTOR, type);
    segment(baseLocal, offsetLocal);
    code.invokevirtual(type, "intoMemorySegment", MethodTypeDesc.of(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, BYTE_ORDER));
  }

  /** Of vectors with as many lanes as those of 32 bits. */
  private void species(ClassDesc type, int bits) {
    code.getstatic(type, "SPECIES_" + bits * VectorWidth.LANES, SPECIES);
  }

  private void convertShape(ClassDesc from, ClassDesc to) {
    code.iconst_0();
    code.invokevirtual(from, "convertShape", MethodTypeDesc.of(VECTOR, CONVERSION, SPECIES, ConstantDescs.CD_int));
    code.checkcast(to);
  }

  void loadFromArray(VectorForm form, int arrayLocal, int indexLocal) {
    species(form);
    code.aload(arrayLocal).iload(indexLocal);
    code.invokestatic(type(form), "fromArray",
        MethodTypeDesc.of(type(form), SPECIES, element(form).arrayType(), ConstantDescs.CD_int));
  }

  /** Stores the vector on the stack. */
  void storeToArray(VectorForm form, int arrayLocal, int indexLocal) {
    code.aload(arrayLocal).iload(indexLocal);
    code.invokevirtual(type(form), "intoArray",
        MethodTypeDesc.of(ConstantDescs.CD_void, element(form).arrayType(), ConstantDescs.CD_int));
  }

  /** A vector full of the array's first element. */
  void broadcastFirst(VectorForm form, int arrayLocal) {
    species(form);
    code.aload(arrayLocal).iconst_0();
    broadcastElement(form);
  }

  /** A vector full of an element of the array. */
  void broadcast(VectorForm form, int arrayLocal, int indexLocal) {
    species(form);
    code.aload(arrayLocal).iload(indexLocal);
    broadcastElement(form);
  }

  private void broadcastElement(VectorForm form) {
    if (form == VectorForm.FLOATS) {
      code.faload();
    } else {
      code.iaload();
    }
    broadcast(form);
  }

  /** A vector full of what lies at an address. */
  void broadcastFromMemory(VectorForm form, int baseLocal) {
    species(form);
    code.lload(baseLocal).invokestatic(OFF_HEAP, form == VectorForm.FLOATS ? "floatAt" : "intAt",
        MethodTypeDesc.of(element(form), ConstantDescs.CD_long));
    broadcast(form);
  }

  private void broadcast(VectorForm form) {
    code.invokestatic(type(form), "broadcast", MethodTypeDesc.of(type(form), SPECIES, element(form)));
  }

  // --- folds -------------------------------------------------------------------------------------------------------------------------

  /** Combines two vectors of floats. The one below is the last that was computed, see {@link VectorLoopWriter}. */
  void combine(Op.Fold fold) {
    withVector(switch (fold) {
      case SUM -> "add";
      case MAX -> "max";
      case MIN -> "min";
      case PROD -> throw new IllegalArgumentException("[cpu] products are combined as doubles");
    }, VectorForm.FLOATS);
  }

  /** A vector that combined with another leaves it as it is; -0 does so with zeros of both signs. */
  void identity(Op.Fold fold) {
    species(VectorForm.FLOATS);
    code.loadConstant(switch (fold) {
      case SUM -> -0.0f;
      case MAX -> Float.NEGATIVE_INFINITY;
      case MIN -> Float.POSITIVE_INFINITY;
      case PROD -> throw new IllegalArgumentException("[cpu] products are combined as doubles");
    });
    broadcast(VectorForm.FLOATS);
  }
}
