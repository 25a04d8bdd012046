package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.List;

/** Operations as expressions of the dialect, on the values of {@link ElementType}. */
final class Operations {

  private Operations() {}

  /**
   * The result of an operation.
   *
   * @param dtypes the arguments' types
   * @param to the result's type
   */
  static String of(Op.Pointwise op, List<String> arguments, List<DType> dtypes, DType to) {
    ElementType type = ElementType.of(dtypes.getLast());
    return switch (op) {
      case Op.Unary unary -> type.rounded(of(unary, arguments.getFirst(), type));
      case Op.Binary binary -> type.rounded(of(binary, arguments.get(0), arguments.get(1), type));
      case Op.Comparison comparison -> of(comparison, arguments.get(0), arguments.get(1));
      case Op.Where _ -> "%s ? %s : %s".formatted(arguments.toArray());
      case Op.Cast _ -> cast(arguments.getFirst(), type, ElementType.of(to));
      case Op.Bitcast _ -> ElementType.of(to).fromBits(type.toBits(arguments.getFirst()));
    };
  }

  private static String of(Op.Unary op, String x, ElementType type) {
    boolean real = type.dtype().isFloating();
    return switch (op) {
      case Op.Neg _ -> real ? "-" + x : "sub_%s(0, %s)".formatted(type.name(), x);
      case Op.Abs _ -> real ? library(type, "fabs", x) : own(type, "abs", x);
      case Op.Sign _ -> own(type, "sign", x);
      case Op.Floor _ -> library(type, "floor", x);
      case Op.Ceil _ -> library(type, "ceil", x);
      case Op.Round _ -> library(type, "rint", x);
      case Op.Exp _ -> own(type, "exp", x);
      case Op.Expm1 _ -> own(type, "expm1", x);
      case Op.Log _ -> own(type, "log", x);
      case Op.Log1p _ -> own(type, "log1p", x);
      case Op.Sqrt _ -> library(type, "sqrt", x);
      case Op.Rsqrt _ -> "1 / " + library(type, "sqrt", x);
      case Op.Sin _ -> own(type, "sin", x);
      case Op.Cos _ -> own(type, "cos", x);
      case Op.Tan _ -> own(type, "tan", x);
      case Op.Tanh _ -> own(type, "tanh", x);
      case Op.Erf _ -> own(type, "erf", x);
      case Op.Not _ -> type.dtype() == DType.BOOL ? "!" + x : "~" + x;
    };
  }

  private static String of(Op.Binary op, String x, String y, ElementType type) {
    boolean real = type.dtype().isFloating();
    return switch (op) {
      case Op.Add _ -> real ? x + " + " + y : own(type, "add", x, y);
      case Op.Sub _ -> real ? x + " - " + y : own(type, "sub", x, y);
      case Op.Mul _ -> real ? x + " * " + y : own(type, "mul", x, y);
      case Op.Div _ -> x + " / " + y;
      case Op.Pow _ -> own(type, "pow", x, y);
      case Op.Max _ -> own(type, "max", x, y);
      case Op.Min _ -> own(type, "min", x, y);
      case Op.IDiv _ -> own(type, "idiv", x, y, "&by_zero");
      case Op.Mod _ -> real ? library(type, "fmod", x, y) : own(type, "mod", x, y, "&by_zero");
      case Op.And _ -> x + " & " + y;
      case Op.Or _ -> x + " | " + y;
      case Op.Xor _ -> x + " ^ " + y;
      case Op.ShiftLeft _ -> own(type, "left", x, y);
      case Op.ShiftRight _ -> own(type, "right", x, y);
      case Op.ShiftRightLogical _ -> own(type, "right_logical", x, y);
    };
  }

  private static String of(Op.Comparison op, String x, String y) {
    return switch (op) {
      case Op.Equal _ -> x + " == " + y;
      case Op.Less _ -> x + " < " + y;
      case Op.LessEqual _ -> x + " <= " + y;
    };
  }

  /** Whether the operation divides integers, and so may fault. */
  static boolean divides(Op.Pointwise op, DType dtype) {
    return (op instanceof Op.IDiv || op instanceof Op.Mod) && !dtype.isFloating();
  }

  /** A value of another type. */
  static String cast(String x, ElementType from, ElementType to) {
    return switch (to.dtype()) {
      case F32, F64 -> "(" + to.value() + ")" + x;
      case F16, BF16 -> to.rounded(switch (from.dtype()) {
        case F64, I32, I64 -> "odd_" + from.name() + "(" + x + ")";
        case F32, F16, BF16, U8, BOOL -> "(f32)" + x;
      });
      case I32, I64, U8 -> from.dtype().isFloating() ? to.name() + "_of_" + from.name() + "(" + x + ")" : "(" + to.value() + ")" + x;
      case BOOL -> x + " != 0";
    };
  }

  /** An accumulator with one more value. */
  static String combined(Op.Fold fold, String total, String x, ElementType type) {
    boolean real = type.dtype().isFloating();
    return switch (fold) {
      case SUM -> real ? total + " + " + x : own(type, "add", total, x);
      case PROD -> real ? total + " * " + x : own(type, "mul", total, x);
      case MAX -> own(type, "max", total, x);
      case MIN -> own(type, "min", total, x);
    };
  }

  private static String library(ElementType type, String function, String... arguments) {
    return type.library(function) + "(" + String.join(", ", arguments) + ")";
  }

  private static String own(ElementType type, String function, String... arguments) {
    return function + "_" + type.name() + "(" + String.join(", ", arguments) + ")";
  }
}
