package dev.chainrule.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * Shows an array to people exactly as NumPy 2.4's {@code array2string} does, but for {@code true} and {@code false}: axes as nested
 * brackets, elements in columns, lines of at most 75 characters. Of more than 1000 elements only the first and last three along each
 * axis are shown.
 */
final class ArrayPrinter {

  private static final int LINE_WIDTH = 75;
  private static final int MOST_ELEMENTS = 1000;
  private static final int EDGE = 3;
  private static final String GAP = "...";

  private final HostArray array;
  private final long[] dims;
  private final long[] strides;
  private final LongFunction<String> element;

  private ArrayPrinter(HostArray array) {
    this.array = array;
    this.dims = array.type().shape().dims();
    this.strides = array.type().shape().strides();
    this.element = format(array, offsets(0, 0).toArray());
  }

  /** The values without their type; {@code []} where there are none. Several lines for an array of several axes or a long one. */
  static String toText(HostArray array) {
    return array.elements() == 0 ? "[]" : new ArrayPrinter(array).block(0, 0);
  }

  // --- which elements ----------------------------------------------------------------------------------------------------------------

  private boolean isCut(int axis) {
    return array.elements() > MOST_ELEMENTS && dims[axis] > 2 * EDGE;
  }

  private LongStream indices(int axis) {
    return isCut(axis)
        ? LongStream.concat(LongStream.range(0, EDGE), LongStream.range(dims[axis] - EDGE, dims[axis]))
        : LongStream.range(0, dims[axis]);
  }

  /** Where the elements that are shown lie, of the part at {@code offset} that the axes from {@code axis} on span. */
  private LongStream offsets(int axis, long offset) {
    return axis == dims.length ? LongStream.of(offset)
        : indices(axis).flatMap(i -> offsets(axis + 1, offset + i * strides[axis]));
  }

  // --- how an element looks ----------------------------------------------------------------------------------------------------------

  private static LongFunction<String> format(HostArray array, long... offsets) {
    return switch (array.type().dtype()) {
      case F32, F64, F16, BF16 -> floats(array, offsets);
      case I32, I64, U8 -> integers(array, offsets);
      case BOOL -> i -> array.longAt(i) == 0 ? "false" : array.type().rank() == 0 ? "true" : " true";
    };
  }

  private static LongFunction<String> floats(HostArray array, long... offsets) {
    FloatFormat format = FloatFormat.of(array.type().dtype(), LongStream.of(offsets).mapToDouble(array::doubleAt).toArray());
    return i -> format.text(array.doubleAt(i));
  }

  private static LongFunction<String> integers(HostArray array, long... offsets) {
    int width = LongStream.of(offsets).mapToInt(i -> Long.toString(array.longAt(i)).length()).max().orElse(0);
    return i -> {
      String digits = Long.toString(array.longAt(i));
      return " ".repeat(width - digits.length()) + digits;
    };
  }

  // --- how they are arranged ---------------------------------------------------------------------------------------------------------

  /** The part at {@code offset}; all lines but the first are indented. */
  private String block(int axis, long offset) {
    if (axis == dims.length) {
      return element.apply(offset);
    }
    List<String> parts = new ArrayList<>();
    indices(axis).forEach(i -> parts.add(block(axis + 1, offset + i * strides[axis])));
    if (isCut(axis)) {
      parts.add(EDGE, GAP);
    }
    int below = dims.length - axis - 1;
    return "[" + (below == 0 ? row(parts, axis) : String.join("\n".repeat(below) + indent(axis), parts)) + "]";
  }

  private static String indent(int axis) {
    return " ".repeat(axis + 1);
  }

  private static String row(List<String> words, int axis) {
    var text = new StringBuilder();
    int start = axis + 1;
    int column = start;
    for (String word : words) {
      // A bracket for each axis must fit too.
      if (column > start && column + 1 + word.length() > LINE_WIDTH - axis - 1) {
        while (text.charAt(text.length() - 1) == ' ') { // what aligned the points
          text.setLength(text.length() - 1);
        }
        text.append('\n').append(indent(axis));
        column = start;
      } else if (column > start) {
        text.append(' ');
        column++;
      }
      text.append(word);
      column += word.length();
    }
    return text.toString();
  }
}
