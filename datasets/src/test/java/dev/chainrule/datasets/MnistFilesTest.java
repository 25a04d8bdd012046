package dev.chainrule.datasets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.data.DataLoader;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MnistFilesTest {

  @TempDir Path directory;

  private void write(String name, int[] dims, int... values) throws IOException {
    var bytes = ByteBuffer.allocate(4 + 4 * dims.length + values.length).putInt(0x800 + dims.length);
    for (int dim : dims) {
      bytes.putInt(dim);
    }
    for (int value : values) {
      bytes.put((byte) value);
    }
    try (var out = Files.newOutputStream(directory.resolve(name));
        var packed = name.endsWith(".gz") ? new GZIPOutputStream(out) : out) {
      packed.write(bytes.array());
    }
  }

  /** Two images of 1 x 3 to train, one to test; the names in each of their spellings. */
  private void writeAll() throws IOException {
    write("train-images-idx3-ubyte", new int[] {2, 1, 3}, 0, 51, 255, 10, 20, 30);
    write("train-labels.idx1-ubyte", new int[] {2}, 3, 9);
    write("t10k-images-idx3-ubyte.gz", new int[] {1, 1, 3}, 255, 255, 0);
    write("t10k-labels.idx1-ubyte.gz", new int[] {1}, 0);
  }

  private void assertRefused(String... parts) {
    var e = assertThrows(DataFormatException.class, () -> MnistFiles.load(directory));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  @Test
  void allSpellingsAreFound() throws IOException {
    writeAll();
    ImageClassification data = MnistFiles.load(directory);
    assertEquals(10, data.classes());
    assertEquals(2, data.train().size());
    assertEquals(1, data.test().size());
    var batch = DataLoader.of(data.train(), 2).epoch(0).iterator().next();
    HostArray images = batch.fields().getFirst();
    assertEquals(TensorType.of(DType.F32, 2, 1, 3), images.type());
    assertArrayEquals(new float[] {0, 0.2f, 1, 10 / 255f, 20 / 255f, 30 / 255f}, images.toFloatArray());
    assertArrayEquals(new long[] {3, 9}, batch.fields().get(1).toLongArray());
  }

  @Test
  void allMissingFilesAreNamedAtOnce() throws IOException {
    writeAll();
    Files.delete(directory.resolve("train-images-idx3-ubyte"));
    Files.delete(directory.resolve("t10k-labels.idx1-ubyte.gz"));
    assertRefused(directory.toString(), "lacks train-images-idx3-ubyte, t10k-labels-idx1-ubyte");
    var e = assertThrows(DataFormatException.class, () -> MnistFiles.load(directory));
    assertFalse(e.getMessage().contains("train-labels"), e.getMessage());
  }

  @Test
  void aMissingDirectoryLacksAll() {
    var e = assertThrows(DataFormatException.class, () -> MnistFiles.load(directory.resolve("none")));
    assertTrue(e.getMessage().contains("lacks train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images"), e.getMessage());
  }

  @Test
  void countsMustAgree() throws IOException {
    writeAll();
    write("train-labels.idx1-ubyte", new int[] {3}, 3, 9, 1);
    assertRefused("train-labels.idx1-ubyte", "3 labels, but 2 images", "train-images-idx3-ubyte");
  }

  @Test
  void imagesOfBothPartsMustHaveOneShape() throws IOException {
    writeAll();
    write("t10k-images-idx3-ubyte.gz", new int[] {1, 3, 1}, 255, 255, 0);
    assertRefused("t10k-images-idx3-ubyte.gz", "images of [3,1], but [1,3]", "train-images-idx3-ubyte");
  }

  @Test
  void labelsMustBeClasses() throws IOException {
    writeAll();
    write("train-labels.idx1-ubyte", new int[] {2}, 3, 10);
    assertRefused("train-labels.idx1-ubyte", "label 1 is 10, expected 0 to 9");
  }

  @Test
  void imagesAndLabelsMustNotBeSwapped() throws IOException {
    writeAll();
    write("train-images-idx3-ubyte", new int[] {2}, 3, 9);
    assertRefused("train-images-idx3-ubyte", "expected images u8[count,height,width], found u8[2]");
    write("train-images-idx3-ubyte", new int[] {2, 1, 3}, 0, 51, 255, 10, 20, 30);
    write("train-labels.idx1-ubyte", new int[] {2, 1}, 3, 9);
    assertRefused("train-labels.idx1-ubyte", "expected labels u8[count], found u8[2,1]");
  }

  @Test
  void faultsOfAFileNameIt() throws IOException {
    writeAll();
    Files.write(directory.resolve("train-images-idx3-ubyte"), new byte[] {1, 2, 3, 4});
    assertRefused("train-images-idx3-ubyte", "not an IDX file");
  }
}
