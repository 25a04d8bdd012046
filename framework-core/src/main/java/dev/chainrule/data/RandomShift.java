package dev.chainrule.data;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Moves the image in field 0 ([height, width] or [channels, height, width], any element type) by up to {@code maxPixels} up or down and
 * left or right, each move equally likely, and fills what comes in with 0.
 *
 * @param maxPixels 0 or more, in pixels
 */
public record RandomShift(int maxPixels) implements Transform {

  /**
   * Shifts of 0 pixels change nothing.
   *
   * @throws InvalidArgumentException when {@code maxPixels} is negative
   */
  public RandomShift {
    if (maxPixels < 0) {
      throw new InvalidArgumentException("RandomShift", "maxPixels " + maxPixels + " is negative", "");
    }
  }

  @Override
  public void check(List<TensorType> fields) {
    int rank = fields.isEmpty() ? 0 : fields.getFirst().rank();
    if (rank != 2 && rank != 3) {
      throw new ShapeMismatchException("RandomShift", "field 0 is not an image [height,width] or [channels,height,width]: " + fields,
          "");
    }
  }

  @Override
  public void apply(List<TensorType> fields, List<MemorySegment> values, HostRandom random) {
    int down = random.nextInt(2 * maxPixels + 1) - maxPixels;
    int right = random.nextInt(2 * maxPixels + 1) - maxPixels;
    Shape shape = fields.getFirst().shape();
    long height = shape.dim(-2);
    long rowBytes = shape.dim(-1) * fields.getFirst().dtype().bytes();
    long planeBytes = height * rowBytes;
    MemorySegment image = values.getFirst();
    for (long at = 0; at < image.byteSize(); at += planeBytes) {
      shift(image.asSlice(at, planeBytes), height, rowBytes, down, (long) right * fields.getFirst().dtype().bytes());
    }
  }

  /** In place: rows are visited so that none is overwritten before it was moved. */
  private static void shift(MemorySegment plane, long height, long rowBytes, int down, long rightBytes) {
    long kept = Math.max(0, rowBytes - Math.abs(rightBytes));
    long to = Math.clamp(rightBytes, 0, rowBytes);
    long from = Math.clamp(-rightBytes, 0, rowBytes);
    for (long i = 0; i < height; i++) {
      long row = down > 0 ? height - 1 - i : i;
      MemorySegment target = plane.asSlice(row * rowBytes, rowBytes);
      long source = row - down;
      if (source < 0 || source >= height) {
        target.fill((byte) 0);
      } else {
        MemorySegment.copy(plane, source * rowBytes + from, target, to, kept);
        target.asSlice(0, to).fill((byte) 0);
        target.asSlice(to + kept).fill((byte) 0);
      }
    }
  }
}
