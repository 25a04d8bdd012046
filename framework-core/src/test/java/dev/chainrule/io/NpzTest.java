package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of arrays: NumPy's are read, ours come back, broken ones and bombs are refused. */
class NpzTest {

  @TempDir Path directory;

  private static Map<String, HostArray> arrays() {
    var arrays = new LinkedHashMap<String, HostArray>();
    arrays.put("weight", HostArray.ofLongs(TensorType.of(DType.I32, 2, 3, 4), LongStream.range(0, 24).toArray()));
    arrays.put("bias", HostArray.ofFloats(TensorType.of(DType.F32, 3), 0, 1, 2));
    arrays.put("layer/mask", HostArray.ofLongs(TensorType.of(DType.BOOL, 2), 1, 0));
    return arrays;
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored.npz", "deflated.npz"})
  void numpysArchivesAreRead(String name) {
    var read = Npz.read(NpyTest.numpy(name));
    assertEquals(arrays(), read);
    assertEquals(List.copyOf(arrays().keySet()), List.copyOf(read.sequencedKeySet()));
  }

  @Test
  void oursComeBackAndAreEqualForEqualContent() throws IOException {
    Path stored = directory.resolve("stored.npz");
    Path deflated = directory.resolve("deflated.npz");
    Npz.write(stored, arrays());
    Npz.writeCompressed(deflated, arrays());
    assertEquals(arrays(), Npz.read(stored));
    assertEquals(arrays(), Npz.read(deflated));
    assertTrue(Files.size(deflated) < Files.size(stored));
    byte[] before = Files.readAllBytes(stored);
    Npz.write(stored, arrays());
    assertArrayEquals(before, Files.readAllBytes(stored));
    Npz.write(stored, Map.of());
    assertEquals(Map.of(), Npz.read(stored));
  }

  private Path zip(Map<String, byte[]> entries) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (var entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    }
    return Files.write(directory.resolve("broken.npz"), bytes.toByteArray());
  }

  private static void assertRefused(Path file, String message) {
    var e = assertThrows(DataFormatException.class, () -> Npz.read(file, 1_000_000));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("broken.npz"), e.getMessage());
  }

  @Test
  void brokenArchivesAreRefused() throws IOException {
    byte[] cube = Files.readAllBytes(NpyTest.numpy("cube-c.npy"));
    assertRefused(zip(Map.of("readme.txt", cube)), "entry 'readme.txt' of the archive; expected names that end with .npy");
    assertRefused(zip(Map.of(".npy", cube)), "entry '.npy'");
    assertRefused(zip(Map.of("a.npy", new byte[3])), "broken.npz: a.npy] truncated: expected 8 bytes of magic and version, found 3");
    assertRefused(zip(Map.of("a.npy", Arrays.copyOf(cube, cube.length + 1))), "takes 96 bytes after the header, found 97");
    assertRefused(Files.write(directory.resolve("broken.npz"), new byte[40]), "not a sound zip archive");
    assertRefused(Files.write(directory.resolve("broken.npz"), new byte[0]), "not a sound zip archive");
    assertThrows(UncheckedIOException.class, () -> Npz.read(directory.resolve("absent.npz")));
  }

  @Test
  void bombsAreRefusedUnread() throws IOException {
    byte[] zeros = new byte[2_000_128];
    byte[] header = Files.readAllBytes(NpyTest.numpy("empty.npy"));
    System.arraycopy(header, 0, zeros, 0, header.length);
    Path bomb = zip(Map.of("a.npy", zeros));
    assertTrue(Files.size(bomb) < 10_000);
    assertRefused(bomb, "entry 'a.npy' takes 2000128 bytes, and 1000000 of the 1000000 that may be read are left");
  }

  @Test
  void aFlippedBitOfStoredBytesIsNoticed() throws IOException {
    byte[] bytes = Files.readAllBytes(NpyTest.numpy("stored.npz"));
    int element = indexOf(bytes, new byte[] {23, 0, 0, 0});
    bytes[element] ^= 4;
    assertRefused(Files.write(directory.resolve("broken.npz"), bytes), "the file is damaged");
  }

  private static int indexOf(byte[] bytes, byte[] wanted) {
    for (int at = 0; at + wanted.length <= bytes.length; at++) {
      if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at;
      }
    }
    throw new AssertionError("not found");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored.npz", "deflated.npz"})
  void randomDamageIsAnErrorOrTheSameArrays(String name) throws IOException {
    byte[] sound = Files.readAllBytes(NpyTest.numpy(name));
    var random = new Random(11);
    int refused = 0;
    for (int round = 0; round < 2_000; round++) {
      byte[] damaged = round % 10 == 0 ? Arrays.copyOf(sound, random.nextInt(sound.length)) : sound.clone();
      for (int flips = random.nextInt(3); flips >= 0 && damaged.length > 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Path file = Files.write(directory.resolve("broken.npz"), damaged);
      try {
        Npz.read(file, 1_000_000).values().forEach(array -> assertTrue(arrays().containsValue(array), "damage was read"));
      } catch (DataFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 1_000, "refused " + refused);
  }

  @Test
  void whatNumpyCannotHaveIsRefusedBeforeAnythingIsWritten() {
    Path file = directory.resolve("b.npz");
    var e = assertThrows(InvalidArgumentException.class, () -> Npz.write(file, Map.of("w", HostArray.zeros(TensorType.of(DType.BF16, 2)))));
    assertTrue(e.getMessage().contains("array 'w'] bf16[2]: NumPy has no bf16"), e.getMessage());
    assertThrows(InvalidArgumentException.class, () -> Npz.write(file, Map.of("", HostArray.zeros(TensorType.of(DType.F32, 2)))));
    assertThrows(InvalidArgumentException.class, () -> Npz.write(file, Map.of("x".repeat(70_000), HostArray.zeros(TensorType.of(DType.F32, 2)))));
    assertFalse(Files.exists(file));
  }
}
