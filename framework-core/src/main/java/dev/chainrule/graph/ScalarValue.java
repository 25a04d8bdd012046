package dev.chainrule.graph;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;

/**
 * A Java number used as a tensor operand. Plans take it as a parameter, so a new number never makes a new plan.
 *
 * @param dtype the type of the tensor it meets
 * @param number a Double for floating types, a Long for the others (0 or 1 for BOOL)
 */
public record ScalarValue(DType dtype, Number number) implements Value {

  /**
   * A Double for a floating type, a Long for others.
   *
   * @throws InvalidArgumentException for any other class of number
   */
  public ScalarValue {
    if (!(dtype.isFloating() ? number instanceof Double : number instanceof Long)) {
      throw unknown(dtype, number);
    }
  }

  /** A floating number for a floating type. */
  public static ScalarValue of(DType dtype, double number) {
    if (!dtype.isFloating()) {
      throw new DTypeMismatchException("scalar", "floating number " + number + " with a tensor of " + dtype,
          "Use an integral number, or cast the tensor to a floating type.");
    }
    return new ScalarValue(dtype, number);
  }

  /** An integral number for any type that has it in its range. */
  public static ScalarValue of(DType dtype, long number) {
    if (dtype.isFloating()) {
      return new ScalarValue(dtype, (double) number);
    }
    requireInRange(dtype, number);
    return new ScalarValue(dtype, number);
  }

  /** Fails where a type that is not floating does not have the number. */
  public static void requireInRange(DType dtype, long number) {
    boolean fits = switch (dtype) {
      case I32 -> number == (int) number;
      case U8 -> number >= 0 && number <= 255;
      case BOOL -> number == 0 || number == 1;
      case I64, F32, F64, F16, BF16 -> true;
    };
    if (!fits) {
      throw new DTypeMismatchException("scalar", number + " is outside the range of " + dtype, "Cast the tensor to a wider type.");
    }
  }

  /** A Byte, Short, Integer or Long as an integral number, a Float or Double as a floating one; no other class says which it is. */
  public static ScalarValue of(DType dtype, Number number) {
    return switch (number) {
      case Byte _, Short _, Integer _, Long _ -> of(dtype, number.longValue());
      case Float _, Double _ -> of(dtype, number.doubleValue());
      default -> throw unknown(dtype, number);
    };
  }

  private static InvalidArgumentException unknown(DType dtype, Number number) {
    return new InvalidArgumentException("scalar", number + " of class " + number.getClass().getName() + " for " + dtype,
        "Use an int or long, or for floating types a float or double; other classes convert with longValue() or doubleValue().");
  }

  @Override
  public TensorType type() {
    return TensorType.scalar(dtype);
  }

  /** An array of the scalar type with this number. */
  public HostArray toArray() {
    return dtype.isFloating() ? HostArray.ofDoubles(type(), number.doubleValue()) : HostArray.ofLongs(type(), number.longValue());
  }
}
