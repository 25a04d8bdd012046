package dev.chainrule.datasets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables from CSV: quotes, numbers, classes, and every fault with its line. */
class CsvTableTest {

  private static CsvTable table(String text) {
    return CsvTable.read("a table", new StringReader(text));
  }

  @Test
  void columnsBecomeArrays() {
    CsvTable table = table("""
        kind,length,"width, in cm"
        cat,1.5,2
        "dog ""Rex""\",-3e2,.5
        cat, 7 ,+4.
        """);
    assertEquals(List.of("kind", "length", "width, in cm"), table.columns());
    assertEquals(3, table.size());
    assertEquals(TensorType.of(DType.F32, 3, 2), table.numbers("width, in cm", "length").type());
    assertArrayEquals(new float[] {2, 1.5f, .5f, -300, 4, 7}, table.numbers("width, in cm", "length").toFloatArray());
    CsvTable.Classes kinds = table.classes("kind");
    assertEquals(List.of("cat", "dog \"Rex\""), kinds.names());
    assertEquals(TensorType.of(DType.I32, 3), kinds.numbers().type());
    assertArrayEquals(new long[] {0, 1, 0}, kinds.numbers().toLongArray());
    assertArrayEquals(new long[] {1, 2, 1}, table.classes("kind", List.of("a", "cat", "dog \"Rex\"")).numbers().toLongArray());
  }

  @Test
  void rowsWithGapsCanBeLeftOut() {
    CsvTable table = table("a,b\n1,\n,2\n3,4\n");
    assertEquals(1, table.complete().size());
    assertEquals(List.of("1", "3"), table.complete("a").text("a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NaN", "Infinity", "0x1p3", "1f", "1,5", "", "1e99", "x"})
  void whatIsNotANumberIsNamedWithItsPlace(String cell) {
    CsvTable table = table("a,b\n1,2\n3,\"" + cell + "\"\n");
    var e = assertThrows(DataFormatException.class, () -> table.numbers("a", "b"));
    assertTrue(e.getMessage().contains("[a table] line 3, column b: '" + cell + "' is not a number"), e.getMessage());
  }

  private static void assertRefused(String text, String message) {
    var e = assertThrows(DataFormatException.class, () -> table(text));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void faults() {
    assertRefused("", "no lines");
    assertRefused("a,a\n", "two columns of one name among [a, a]");
    assertRefused("a,b\n1,2\n1\n", "line 3 has 1 cells, expected 2");
    assertRefused("a,b\n1,2,3\n", "line 2 has 3 cells, expected 2");
    assertRefused("a,b\n1,\"2\n", "not CSV");
    assertRefused("a,b\n1,\"2\"x\n", "not CSV");
    CsvTable table = table("a,b\n1,\n2,x\n");
    assertTrue(assertThrows(InvalidArgumentException.class, () -> table.numbers("c")).getMessage().contains("no column 'c' in a table"));
    assertThrows(InvalidArgumentException.class, table::numbers);
    assertTrue(assertThrows(DataFormatException.class, () -> table.classes("b")).getMessage().contains("line 2, column b: '' is no class"));
    assertTrue(assertThrows(DataFormatException.class, () -> table.classes("a", List.of("1"))).getMessage()
        .contains("line 3, column a: '2' is no class, expected one of [1]"));
  }

  @Test
  void filesAreUtf8AndNamed(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("straße.csv"), "größe\n1\n");
    assertArrayEquals(new float[] {1}, CsvTable.read(file).numbers("größe").toFloatArray());
    var e = assertThrows(UncheckedIOException.class, () -> CsvTable.read(directory.resolve("absent.csv")));
    assertTrue(e.getMessage().contains("absent.csv"), e.getMessage());
  }
}
