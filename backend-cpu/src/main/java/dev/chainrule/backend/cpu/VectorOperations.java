package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.Optional;

/** Which operations a generated loop has, and how each is written. Each gives the bits of the block interpreter's loop. */
final class VectorOperations {

  private VectorOperations() {}

  /** Writes an operation whose operands are on the stack, the last on top; leaves its value there. */
  interface Code {
    void write(VectorAssembler assembler);
  }

  /**
   * @param operands form in which the operands are pushed
   * @param infix what is pushed between two operands, a constant of VectorOperators; empty for none
   */
  record Written(VectorForm operands, String infix, VectorForm result, Code code) {}

  /** How an operation is written, {@link Op.Where} apart; empty if a generated loop doesn't have it. */
  static Optional<Written> of(Op.Pointwise op, DType operands, DType result) {
    if (isWide(operands) || isWide(result)) {
      return Optional.empty();
    }
    return switch (op) {
      case Op.Unary unary -> unary(unary, operands);
      case Op.Binary binary -> binary(binary, operands);
      case Op.Comparison comparison -> Optional.of(comparison(comparison, VectorForm.of(operands)));
      case Op.Cast(DType to) -> cast(operands, to);
      case Op.Bitcast(DType to) -> bitcast(operands, to);
      case Op.Where _ -> Optional.empty();
    };
  }

  static boolean isWide(DType dtype) {
    return switch (RegisterKind.of(dtype)) {
      case FLOAT, INT -> false;
      case DOUBLE, LONG -> true;
    };
  }

  /** Whether loops themselves read and write neighbours of a type in memory. Vectors of four lanes have no bytes to match. */
  static boolean isStreamed(DType dtype) {
    return switch (dtype) {
      case F32, I32, BF16 -> true;
      case U8, BOOL -> VectorWidth.LANES >= Long.BYTES;
      case F64, F16, I64 -> false;
    };
  }

  private static Written to(VectorForm operands, VectorForm result, Code code) {
    return new Written(operands, "", result, code);
  }

  private static Optional<Written> floats(DType dtype, Code code) {
    return Optional.of(to(VectorForm.FLOATS, VectorForm.FLOATS, a -> {
      code.write(a);
      round(dtype, a);
    }));
  }

  private static Optional<Written> ints(DType dtype, Code code) {
    return ints(dtype, "", code);
  }

  private static Optional<Written> ints(DType dtype, String infix, Code code) {
    return Optional.of(new Written(VectorForm.INTS, infix, VectorForm.INTS, a -> {
      code.write(a);
      round(dtype, a);
    }));
  }

  /** See {@link Conversions#round}. */
  private static void round(DType dtype, VectorAssembler a) {
    switch (dtype) {
      case F16 -> a.math("toFloat16", VectorForm.FLOATS, VectorForm.FLOATS);
      case BF16 -> a.math("toBfloat16", VectorForm.FLOATS, VectorForm.FLOATS);
      case U8 -> a.withInt("and", 0xff);
      case F32, F64, I32, I64, BOOL -> {}
    }
  }

  private static Optional<Written> unary(Op.Unary op, DType dtype) {
    if (RegisterKind.of(dtype) == RegisterKind.INT) {
      return switch (op) {
        case Op.Neg _ -> ints(dtype, a -> a.own("neg", VectorForm.INTS));
        case Op.Abs _ -> ints(dtype, a -> a.own("abs", VectorForm.INTS));
        case Op.Not _ -> dtype == DType.BOOL
            ? ints(dtype, a -> a.lanewiseInt("XOR", 1)) : ints(dtype, a -> a.own("not", VectorForm.INTS));
        case Op.Sign _ -> ints(dtype, a -> {
          a.withInt("min", 1);
          a.withInt("max", -1);
        });
        case Op.Floor _, Op.Ceil _, Op.Round _, Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sqrt _, Op.Rsqrt _, Op.Sin _, Op.Cos _,
            Op.Tan _, Op.Tanh _, Op.Erf _ -> Optional.empty();
      };
    }
    return switch (op) {
      case Op.Neg _ -> floats(dtype, a -> a.own("neg", VectorForm.FLOATS));
      case Op.Abs _ -> floats(dtype, a -> a.own("abs", VectorForm.FLOATS));
      case Op.Sqrt _ -> floats(dtype, a -> a.own("sqrt", VectorForm.FLOATS));
      case Op.Sign _ -> function(dtype, "sign");
      case Op.Floor _ -> function(dtype, "floor");
      case Op.Ceil _ -> function(dtype, "ceil");
      case Op.Round _ -> function(dtype, "round");
      case Op.Exp _ -> function(dtype, "exp");
      case Op.Expm1 _ -> function(dtype, "expm1");
      case Op.Log _ -> function(dtype, "log");
      case Op.Log1p _ -> function(dtype, "log1p");
      case Op.Rsqrt _ -> function(dtype, "rsqrt");
      case Op.Sin _ -> function(dtype, "sin");
      case Op.Cos _ -> function(dtype, "cos");
      case Op.Tanh _ -> function(dtype, "tanh");
      case Op.Erf _ -> function(dtype, "erf");
      case Op.Tan _, Op.Not _ -> Optional.empty();
    };
  }

  private static Optional<Written> function(DType dtype, String name) {
    return floats(dtype, a -> a.math(name, VectorForm.FLOATS, VectorForm.FLOATS));
  }

  private static Optional<Written> binary(Op.Binary op, DType dtype) {
    if (RegisterKind.of(dtype) == RegisterKind.INT) {
      return integerBinary(op, dtype);
    }
    return switch (op) {
      case Op.Add _ -> floats(dtype, a -> a.withVector("add", VectorForm.FLOATS));
      case Op.Sub _ -> floats(dtype, a -> a.withVector("sub", VectorForm.FLOATS));
      case Op.Mul _ -> floats(dtype, a -> a.withVector("mul", VectorForm.FLOATS));
      case Op.Div _ -> floats(dtype, a -> a.withVector("div", VectorForm.FLOATS));
      case Op.Max _ -> floats(dtype, a -> a.withVector("max", VectorForm.FLOATS));
      case Op.Min _ -> floats(dtype, a -> a.withVector("min", VectorForm.FLOATS));
      case Op.Mod _ -> floats(dtype, a -> a.mathOfTwo("mod"));
      case Op.Pow _, Op.IDiv _, Op.And _, Op.Or _, Op.Xor _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> Optional.empty();
    };
  }

  private static Optional<Written> integerBinary(Op.Binary op, DType dtype) {
    return switch (op) {
      case Op.Add _ -> ints(dtype, a -> a.withVector("add", VectorForm.INTS));
      case Op.Sub _ -> ints(dtype, a -> a.withVector("sub", VectorForm.INTS));
      case Op.Mul _ -> ints(dtype, a -> a.withVector("mul", VectorForm.INTS));
      case Op.Max _ -> ints(dtype, a -> a.withVector("max", VectorForm.INTS));
      case Op.Min _ -> ints(dtype, a -> a.withVector("min", VectorForm.INTS));
      case Op.And _ -> ints(dtype, a -> a.withVector("and", VectorForm.INTS));
      case Op.Or _ -> ints(dtype, a -> a.withVector("or", VectorForm.INTS));
      case Op.Xor _ -> ints(dtype, "XOR", VectorAssembler::lanewise);
      case Op.ShiftLeft _ -> shift(dtype, "LSHL");
      case Op.ShiftRight _ -> shift(dtype, "ASHR");
      case Op.ShiftRightLogical _ -> shift(dtype, "LSHR");
      case Op.Div _, Op.Pow _, Op.IDiv _, Op.Mod _ -> Optional.empty();
    };
  }

  /** The distance counts modulo the type's width, which for 32 bits the operation does itself. */
  private static Optional<Written> shift(DType dtype, String operator) {
    return ints(dtype, operator, a -> {
      if (dtype == DType.U8) {
        a.withInt("and", 7);
      }
      a.lanewise();
    });
  }

  private static Written comparison(Op.Comparison op, VectorForm form) {
    String operator = switch (op) {
      case Op.Equal _ -> "EQ";
      case Op.Less _ -> "LT";
      case Op.LessEqual _ -> "LE";
    };
    return new Written(form, operator, form.mask(), a -> a.compare(form));
  }

  private static Optional<Written> cast(DType from, DType to) {
    return RegisterKind.of(from) == RegisterKind.FLOAT ? Optional.of(floatCast(to)) : integerCast(from, to);
  }

  private static Written floatCast(DType to) {
    return switch (to) {
      case F32, F16, BF16 -> to(VectorForm.FLOATS, VectorForm.FLOATS, a -> round(to, a));
      case I32 -> to(VectorForm.FLOATS, VectorForm.INTS, a -> a.math("toInt", VectorForm.FLOATS, VectorForm.INTS));
      case U8 -> to(VectorForm.FLOATS, VectorForm.INTS, a -> {
        a.math("toInt", VectorForm.FLOATS, VectorForm.INTS);
        a.withInt("max", 0);
        a.withInt("min", 255);
      });
      case BOOL -> to(VectorForm.FLOATS, VectorForm.FLOAT_MASK, a -> a.isNotZero(VectorForm.FLOATS));
      case F64, I64 -> throw new IllegalArgumentException("no vectors of " + to);
    };
  }

  /** An integer reaches bf16 by way of double, unless it is so small that nothing is rounded. */
  private static Optional<Written> integerCast(DType from, DType to) {
    if (to == DType.BF16 && from == DType.I32) {
      return Optional.empty();
    }
    return Optional.of(switch (to) {
      case F32, F16, BF16 -> to(VectorForm.INTS, VectorForm.FLOATS, a -> {
        a.math("toFloat", VectorForm.INTS, VectorForm.FLOATS);
        round(to, a);
      });
      case I32, U8 -> to(VectorForm.INTS, VectorForm.INTS, a -> round(to, a));
      case BOOL -> to(VectorForm.INTS, VectorForm.INT_MASK, a -> a.isNotZero(VectorForm.INTS));
      case F64, I64 -> throw new IllegalArgumentException("no vectors of " + to);
    });
  }

  private static Optional<Written> bitcast(DType from, DType to) {
    if (from == to) {
      return Optional.of(to(VectorForm.of(to), VectorForm.of(to), _ -> {}));
    }
    if (from == DType.F32 && to == DType.I32) {
      return Optional.of(to(VectorForm.FLOATS, VectorForm.INTS, a -> a.reinterpret(VectorForm.INTS)));
    }
    if (from == DType.I32 && to == DType.F32) {
      return Optional.of(to(VectorForm.INTS, VectorForm.FLOATS, a -> a.reinterpret(VectorForm.FLOATS)));
    }
    return Optional.empty();
  }
}
