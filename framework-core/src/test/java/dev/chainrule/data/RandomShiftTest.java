package dev.chainrule.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RandomShiftTest {

  private static final int CHANNELS = 2;
  private static final int HEIGHT = 4;
  private static final int WIDTH = 5;

  private static float[] image() {
    float[] image = new float[CHANNELS * HEIGHT * WIDTH];
    for (int i = 0; i < image.length; i++) {
      image[i] = i + 1;
    }
    return image;
  }

  /** What the definition says: pixel (y, x) comes from (y - down, x - right), or is 0. */
  private static float[] shifted(float[] image, int down, int right) {
    float[] result = new float[image.length];
    for (int c = 0; c < CHANNELS; c++) {
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          int fromY = y - down;
          int fromX = x - right;
          if (fromY >= 0 && fromY < HEIGHT && fromX >= 0 && fromX < WIDTH) {
            result[(c * HEIGHT + y) * WIDTH + x] = image[(c * HEIGHT + fromY) * WIDTH + fromX];
          }
        }
      }
    }
    return result;
  }

  private static Optional<String> move(float[] result, int most) {
    for (int down = -most; down <= most; down++) {
      for (int right = -most; right <= most; right++) {
        if (Arrays.equals(result, shifted(image(), down, right))) {
          return Optional.of(down + "," + right);
        }
      }
    }
    return Optional.empty();
  }

  @Test
  void resultIsOneOfTheMovesAndEachOccurs() {
    var types = List.of(TensorType.of(DType.F32, CHANNELS, HEIGHT, WIDTH));
    Set<String> seen = new HashSet<>();
    for (int seed = 0; seed < 1000; seed++) {
      float[] image = image();
      new RandomShift(2).apply(types, List.of(MemorySegment.ofArray(image)), new HostRandom(seed));
      Optional<String> move = move(image, 2);
      assertTrue(move.isPresent(), Arrays.toString(image));
      seen.add(move.get());
    }
    assertEquals(25, seen.size());
  }

  @Test
  void shiftsBeyondTheImageLeaveZeros() {
    var types = List.of(TensorType.of(DType.U8, 2, 2));
    int blank = 0;
    for (int seed = 0; seed < 100; seed++) {
      byte[] image = {1, 2, 3, 4};
      new RandomShift(9).apply(types, List.of(MemorySegment.ofArray(image)), new HostRandom(seed));
      blank += Arrays.equals(image, new byte[4]) ? 1 : 0;
    }
    // 352 of 361 moves leave nothing in sight.
    assertTrue(blank > 90, "blank " + blank);
  }

  @Test
  void noPixelsIsTheImageItself() {
    float[] image = image();
    new RandomShift(0).apply(List.of(TensorType.of(DType.F32, CHANNELS, HEIGHT, WIDTH)), List.of(MemorySegment.ofArray(image)),
        new HostRandom(3));
    assertEquals(Optional.of("0,0"), move(image, 0));
  }

  @Test
  void onlyImagesAreAccepted() {
    assertThrows(InvalidArgumentException.class, () -> new RandomShift(-1));
    assertThrows(ShapeMismatchException.class, () -> new RandomShift(1).check(List.of(TensorType.of(DType.F32, 784))));
    assertThrows(ShapeMismatchException.class, () -> new RandomShift(1).check(List.of()));
  }
}
